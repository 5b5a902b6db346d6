import { nowSeconds } from '../../base/runtime.js'
import { DeviceCookies } from '../../session/device-bound/device-cookies.js'
import { type DeviceOffer, type DeviceRules, DeviceBoundStorage } from '../../session/device-bound/device-storage.js'
import {
  type DeviceSession,
  DeviceTickets,
  type RefreshChallenge,
  registrationSeconds,
} from '../../session/device-bound/device-tickets.js'
import { deviceAlgorithms } from '../../session/device-bound/device-proof.js'
import { clocksOf } from '../../session/lifetime.js'
import type { SessionRecord } from '../../session/record.js'
import { isEndedBy, namesOf } from '../../session/revocation/revocations.js'
import type { SessionStorage } from '../../session/storage/storage.js'
import type { ApplicationWith } from '../relying-party.js'
import type { BaseUrl } from '../base-url.js'
import { byCookieName } from '../base-urls.js'
import type { UsedIds } from '../../session/shared/used-ids.js'
import { registrationsOf } from './registrations.js'

type DeviceParts = ApplicationWith<
  'audience' | 'baseUrls' | 'configuration' | 'revocations' | 'runtime' | 'sharedStore' | 'usedIdsOf'
>

/**
 * Sessions that are bound to a key of the device (Device Bound Session Credentials). What must happen once, in whatever process, is
 * remembered where used logout tokens are, too.
 *
 * @see https://w3c.github.io/webappsec-dbsc/
 */
export class Devices {
  readonly tickets: DeviceTickets
  readonly cookiesOf: (base: BaseUrl) => DeviceCookies
  readonly #parts: DeviceParts
  // Kept apart: many of one kind must not evict those of the other.
  readonly #registrations: UsedIds
  readonly #challenges: UsedIds
  readonly #rulesOf: (base: BaseUrl) => Omit<DeviceRules, 'offer'>

  constructor(parts: DeviceParts, { cookieSeconds: seconds }: { readonly cookieSeconds: number }) {
    const { audience, baseUrls, configuration, runtime } = parts
    const { secret: secrets, session } = configuration
    const common = { secrets, audience, runtime }
    const registrations = registrationsOf(parts)
    const sameSite = session.cookie.sameSite === 'Strict' ? 'strict' : 'lax'
    this.#parts = parts
    this.#registrations = registrations
    this.#challenges = parts.usedIdsOf(['device challenge', ...audience])
    this.tickets = new DeviceTickets(common)
    this.#rulesOf = byCookieName(baseUrls, (name) => {
      const cookies = new DeviceCookies({ ...common, name, sameSite, secure: baseUrls.secure, seconds })
      return { cookies, isRegistered: (id) => registrations.has(id), runtime }
    })
    this.cookiesOf = (base) => this.#rulesOf(base).cookies
  }

  get configuration(): DeviceParts['configuration'] {
    return this.#parts.configuration
  }

  /**
   * The storage for one request at a base URL, in which bound sessions count with their proof only.
   *
   * @param announce - puts `Secure-Session-Registration` on the response
   */
  guard(storage: SessionStorage, base: BaseUrl, announce: (header: string) => void): SessionStorage {
    const rules = { ...this.#rulesOf(base), offer: (record: SessionRecord) => this.#offer(record, base) }
    return new DeviceBoundStorage(storage, rules, announce)
  }

  /** Whether a logout has ended a session. */
  async hasEnded(session: DeviceSession): Promise<boolean> {
    const { revocations, runtime } = this.#parts
    return isEndedBy(await revocations.latest(() => session.names), session, runtime.now())
  }

  /** Registers a key for a login; returns whether none was registered before. */
  async register({ device, endsAt }: DeviceSession): Promise<boolean> {
    return this.#registrations.add(device, this.#millisecondsUntil(endsAt))
  }

  /** Uses up a challenge; returns whether it was unused. */
  async useChallenge({ id, endsAt }: Pick<RefreshChallenge, 'id' | 'endsAt'>): Promise<boolean> {
    return this.#challenges.add(id, this.#millisecondsUntil(endsAt))
  }

  #millisecondsUntil(seconds: number): number {
    return Math.max(1, seconds * 1000 - this.#parts.runtime.now()) + marginMilliseconds
  }

  #offer(record: SessionRecord, { paths }: BaseUrl): DeviceOffer {
    const { configuration, runtime } = this.#parts
    const device = runtime.randomBytes(12).toString('base64url')
    const offeredUntil = nowSeconds(runtime) + registrationSeconds
    const { absoluteExpiresAt: endsAt } = clocksOf(record, configuration.session)
    const session = { device, names: namesOf(record), createdAt: record.createdAt, endsAt }
    const challenge = this.tickets.offer(session, offeredUntil)
    const algorithms = deviceAlgorithms.join(' ')
    return {
      record: { ...record, device: { id: device, offeredUntil } },
      header: `(${algorithms});path="${paths.deviceRegistration ?? ''}";challenge="${challenge}"`,
    }
  }
}

// The clocks of processes may differ.
const marginMilliseconds = 60_000

/** Creates the bindings, if the options want sessions to be bound. */
export function createDevices(parts: DeviceParts): Devices | undefined {
  const { deviceBound } = parts.configuration.session
  return deviceBound === undefined ? undefined : new Devices(parts, deviceBound)
}
