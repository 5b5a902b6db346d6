import { type Faults, append, noSignature, otherAlgorithm, replaced, without } from './faults.js'

/** A conformance plan for logout, by the suite's name. */
export type LogoutPlan = 'oidcc-client-back-channel-logout-rp-basic' | 'oidcc-client-front-channel-logout-rp-basic'

/** One module: a login, then a logout that the application or the provider begins. */
export interface LogoutModule {
  readonly id: string
  readonly plan: LogoutPlan
  readonly faults: Faults
  /** Of the answer to the logout token, or of the page in the frame. */
  readonly status: 200 | 400
}

const logoutEvent = 'http://schemas.openid.net/event/backchannel-logout'

const backChannel: Readonly<Record<string, Faults>> = {
  '-alg-none': { logoutSign: noSignature },
  '-no-event': { logoutClaims: without('events') },
  '-with-nonce': { logoutClaims: (claims) => ({ ...claims, nonce: 'a nonce' }) },
  '-wrong-alg': { logoutSign: otherAlgorithm('PS256') },
  '-wrong-aud': { logoutClaims: append('aud', '1') },
  '-wrong-event': { logoutClaims: replaced('events', () => ({ [`${logoutEvent}1`]: {} })) },
  '-wrong-iss': { logoutClaims: append('iss', '1') },
}

/** Every logout module that we reproduce. */
export const logoutModules: readonly LogoutModule[] = [
  module('oidcc-client-back-channel-logout-rp-basic', 'rp-backchannel-rpinitlogout', {}, 200),
  ...Object.entries(backChannel).map(([name, faults]) =>
    module('oidcc-client-back-channel-logout-rp-basic', `rp-backchannel-rpinitlogout${name}`, faults, 400),
  ),
  module('oidcc-client-front-channel-logout-rp-basic', 'rp-frontchannel-rpinitlogout', {}, 200),
]

function module(plan: LogoutPlan, id: string, faults: Faults, status: LogoutModule['status']): LogoutModule {
  return { id: `oidcc-client-test-${id}`, plan, faults, status }
}
