import { isJsonObject, type JsonObject, omitUndefined } from '../../base/json.js'
import { nowSeconds, type Runtime } from '../../base/runtime.js'
import { createSeal, type Seal, type SealPayload } from '../../seal/seal.js'
import type { SessionNames } from '../revocation/revocations.js'

/** A session as a browser refers to it while it proves its key, so that no cookie is needed. */
export interface DeviceSession {
  /** Names the binding. */
  readonly device: string
  /** By which a logout refers to the session. */
  readonly names: SessionNames
  /** When the session began, in seconds since the epoch. */
  readonly createdAt: number
  /** When it ends in any case. */
  readonly endsAt: number
}

/** A session and the key that was registered for it. */
export interface BoundDeviceSession extends DeviceSession {
  readonly jwk: Readonly<JsonObject>
  /** Whether the session is past its end. */
  readonly isOver: boolean
}

/** A challenge that a browser answers when it proves its key again. */
export interface RefreshChallenge {
  readonly id: string
  readonly endsAt: number
}

/** How the challenges are sealed. */
interface TicketSettings {
  readonly secrets: readonly string[]
  readonly audience: readonly string[]
  readonly runtime: Runtime
}

const formatVersion = 1

/** How long a browser may take to register a key after a login. */
export const registrationSeconds = 60
// Chromium asks for a challenge and answers it in one go.
const challengeSeconds = 60

/**
 * Seals what a browser keeps and returns: the challenges, and the identifier of its binding. Any process can open them, and none of
 * them opens a session.
 */
export class DeviceTickets {
  readonly #runtime: Runtime
  readonly #registrations: Seal
  readonly #challenges: Seal
  readonly #sessions: Seal

  constructor({ secrets, audience, runtime }: TicketSettings) {
    this.#runtime = runtime
    this.#registrations = createSeal(secrets, ['device registration', ...audience], runtime)
    this.#challenges = createSeal(secrets, ['device challenge', ...audience], runtime)
    this.#sessions = createSeal(secrets, ['device session', ...audience], runtime)
  }

  /** The challenge of a login, for the registration of one key. */
  offer(session: DeviceSession, offeredUntil: number): string {
    return this.#registrations.seal({ exp: offeredUntil, ...membersOf(session) })
  }

  /** The session whose login made a challenge; `undefined` if none did, or too long ago. */
  openOffer(challenge: string): DeviceSession | undefined {
    const opened = this.#registrations.open(challenge)
    return opened === undefined || opened.expired ? undefined : sessionIn(opened.payload)
  }

  /** The session identifier of a binding (`session_identifier`). */
  bind(session: DeviceSession, jwk: Readonly<JsonObject>): string {
    return this.#sessions.seal({ exp: session.endsAt, ...membersOf(session), k: jwk })
  }

  /** The binding that an identifier names; `undefined` if it was not made here. */
  openBinding(identifier: string): BoundDeviceSession | undefined {
    const opened = this.#sessions.open(identifier)
    const session = opened === undefined ? undefined : sessionIn(opened.payload)
    const jwk = opened?.payload['k']
    if (opened === undefined || session === undefined || !isJsonObject(jwk)) return undefined
    return { ...session, jwk, isOver: opened.expired }
  }

  /** A challenge for the next proof of a binding. */
  challenge(device: string): string {
    const exp = nowSeconds(this.#runtime) + challengeSeconds
    return this.#challenges.seal({
      v: formatVersion,
      exp,
      d: device,
      j: this.#runtime.randomBytes(12).toString('base64url'),
    })
  }

  /** The challenge that a proof answers; `undefined` if it does not belong to this binding, or has expired. */
  openChallenge(challenge: string, device: string): RefreshChallenge | undefined {
    const opened = this.#challenges.open(challenge)
    if (opened === undefined || opened.expired || opened.payload['d'] !== device) return undefined
    const { v, j, exp } = opened.payload
    return v === formatVersion && typeof j === 'string' ? { id: j, endsAt: exp } : undefined
  }
}

function membersOf({ device, names, createdAt, endsAt }: DeviceSession): JsonObject {
  const { id, subject, sid, provider, issuer } = names
  return {
    v: formatVersion,
    d: device,
    iat: createdAt,
    end: endsAt,
    id,
    sub: subject,
    ...omitUndefined({ sid, prv: provider, iss: issuer }),
  }
}

function sessionIn({ v, d, iat, end, id, sub, sid, prv, iss }: SealPayload): DeviceSession | undefined {
  if (v !== formatVersion || typeof d !== 'string' || typeof id !== 'string' || typeof sub !== 'string')
    return undefined
  if (typeof iat !== 'number' || typeof end !== 'number') return undefined
  const others = {
    sid: typeof sid === 'string' ? sid : undefined,
    provider: typeof prv === 'string' ? prv : undefined,
    issuer: typeof iss === 'string' ? iss : undefined,
  }
  return { device: d, createdAt: iat, endsAt: end, names: { id, subject: sub, ...omitUndefined(others) } }
}
