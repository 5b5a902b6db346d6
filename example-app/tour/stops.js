import { apiStop } from './stops/api.js'
import { attackerStop } from './stops/attacker.js'
import { devicesStop } from './stops/devices.js'
import { dpopStop } from './stops/dpop.js'
import { exchangeStop } from './stops/exchange.js'
import { machineStop } from './stops/machine.js'
import { providersStop } from './stops/providers.js'
import { signInStop } from './stops/sign-in.js'
import { signalsStop } from './stops/signals.js'
import { stepUpStop } from './stops/step-up.js'
import { usersStop } from './stops/users.js'

/**
 * The tour, in its order.
 *
 * @type {readonly import('./types.js').Stop[]}
 */
export const stops = [
  signInStop,
  usersStop,
  apiStop,
  machineStop,
  exchangeStop,
  dpopStop,
  stepUpStop,
  providersStop,
  devicesStop,
  signalsStop,
  attackerStop,
]
