import { DeviceCookies } from '../../session/device-bound/device-cookies.js'
import { type DeviceOffer, type DeviceRules, DeviceBoundStorage } from '../../session/device-bound/device-storage.js'
import { type DeviceSession, DeviceTickets, registrationSeconds } from '../../session/device-bound/device-tickets.js'
import { deviceAlgorithms } from '../../session/device-bound/device-proof.js'
import { clocksOf } from '../../session/lifetime.js'
import type { SessionRecord } from '../../session/record.js'
import { isEndedBy, namesOf } from '../../session/revocation/revocations.js'
import type { SessionStorage } from '../../session/storage/storage.js'
import type { ApplicationWith } from '../relying-party.js'
import type { BaseUrl } from '../base-url.js'
import { byCookieName } from '../base-urls.js'
import type { UsedLogoutTokens } from '../logout/used-logout-tokens.js'
import { registrationsOf } from './registrations.js'

type DeviceParts = ApplicationWith<
  'audience' | 'baseUrls' | 'configuration' | 'revocations' | 'runtime' | 'sharedStore' | 'usedLogoutTokensOf'
>

/**
 * Sessions that are bound to a key of the device (Device Bound Session Credentials). What must happen once, in whatever process, is
 * remembered where used logout tokens are.
 *
 * @see https://w3c.github.io/webappsec-dbsc/
 */
export class Devices {
  readonly tickets: DeviceTickets
  readonly cookiesOf: (base: BaseUrl) => DeviceCookies
  readonly #parts: DeviceParts
  // Kept apart: many of one kind must not evict those of the other.
  readonly #used: Readonly<Record<'registration' | 'challenge', UsedLogoutTokens>>
  readonly #rulesOf: (base: BaseUrl) => Omit<DeviceRules, 'offer'>

  constructor(parts: DeviceParts, { cookieSeconds: seconds }: { readonly cookieSeconds: number }) {
    const { audience, baseUrls, configuration, runtime } = parts
    const { secret: secrets, session } = configuration
    const common = { secrets, audience, runtime }
    const challenge = parts.usedLogoutTokensOf(['device challenge', ...audience])
    const used = { registration: registrationsOf(parts), challenge }
    const sameSite = session.cookie.sameSite === 'Strict' ? 'strict' : 'lax'
    this.#parts = parts
    this.#used = used
    this.tickets = new DeviceTickets(common)
    this.#rulesOf = byCookieName(baseUrls, (name) => {
      const cookies = new DeviceCookies({ ...common, name, sameSite, secure: baseUrls.secure, seconds })
      return { cookies, isRegistered: (id) => used.registration.has(id), runtime }
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

  /** Uses something up; returns whether it was unused. */
  async use(what: 'registration' | 'challenge', id: string, untilSeconds: number): Promise<boolean> {
    const milliseconds = Math.max(1, untilSeconds * 1000 - this.#parts.runtime.now())
    return this.#used[what].add(id, milliseconds + marginMilliseconds)
  }

  #offer(record: SessionRecord, { paths }: BaseUrl): DeviceOffer {
    const { configuration, runtime } = this.#parts
    const device = runtime.randomBytes(12).toString('base64url')
    const offeredUntil = Math.floor(runtime.now() / 1000) + registrationSeconds
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
