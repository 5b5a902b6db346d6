import { audit, auditReason } from '../../base/audit/audit.js'
import { traced } from '../../base/diagnostics.js'
import { quoted } from '../../base/error-cause.js'
import { equalSecrets } from '../../base/constant-time.js'
import type { Runtime } from '../../base/runtime.js'
import { returnedInTime } from '../../base/timers/call-in-time.js'
import { TokenValidationError } from '../../errors.js'
import { decodeJws, type Jws } from '../../jose/jws.js'
import type { SecurityEvent } from '../../options/signals/events.js'
import type { UsedIds } from '../../session/shared/used-ids.js'
import type { SignalActions } from '../events/actions.js'
import { refusalOf } from './answers.js'
import type { SecurityEventToken, TokenEvent } from '../events/security-event-token.js'
import type { StreamStates } from '../transmitter/stream-state.js'
import type { Transmitter } from '../transmitter/transmitter.js'

/** A transmitter, and what its events may do here. */
export interface ReceivedTransmitter {
  readonly transmitter: Transmitter
  readonly actions: SignalActions
  /** Tokens by their `jti`. */
  readonly seen: UsedIds
  /** Tokens that are being taken, by `jti`: a second delivery waits for the first. */
  readonly underWay: Map<string, Promise<void>>
}

/** The parts that receiving needs. */
export interface ReceiverParts {
  readonly transmitters: readonly ReceivedTransmitter[]
  readonly states: StreamStates
  readonly runtime: Runtime
  readonly clockToleranceSeconds: number
  readonly onEvent?: ((event: SecurityEvent) => unknown) | undefined
}

/** How a token came. */
export interface Delivery {
  /** The transmitter that it was fetched from. */
  readonly from?: Transmitter
  /** The `jti` that it was listed under. */
  readonly jti?: string
  /** The header `Authorization` of a push. */
  readonly authorization?: string | undefined
}

/**
 * Takes a token: checks it, does what its events ask for, and calls the application. A token that came before is a success, since transmitters
 * send again what they do not know to have arrived (RFC 8935 section 2, RFC 8936 section 2.4).
 *
 * A token is remembered last. Whatever fails before is tried again when it comes again, and ends no session that is younger than the
 * event.
 *
 * @throws {TokenValidationError} the token is not valid: sending it again is useless
 * @throws {SessionError} {@link ProviderError} whether it is valid, or what it does, is not known: it has to come again
 */
export async function receive(parts: ReceiverParts, text: string, delivery: Delivery): Promise<Transmitter> {
  const seenIssuer: { issuer?: string } = {}
  try {
    return await traced('signal', seenIssuer, async (notes) => {
      const jws = decodeJws(text)
      const received = findTransmitter(parts, jws, delivery)
      const { issuer } = received.transmitter.options
      seenIssuer.issuer = issuer
      if (notes !== undefined) notes.issuer = issuer
      requireAuthorization(received.transmitter, delivery)
      const token = await received.transmitter.validate(jws)
      requireListed(token, delivery)
      await takeOnce(parts, received, token)
      return received.transmitter
    })
  } catch (error) {
    // An outage refuses no token: the transmitter sends it again.
    if (refusalOf(error) !== undefined) {
      audit(() => ({ name: 'signal_refused', reason: auditReason(error), of: seenIssuer }))
    }
    throw error
  }
}

/** Seconds until a call of `onEvent` counts as failed. */
const eventSeconds = 60

async function takeOnce(parts: ReceiverParts, received: ReceivedTransmitter, token: SecurityEventToken): Promise<void> {
  const { underWay } = received
  const taking = underWay.get(token.jti) ?? take(parts, received, token).finally(() => underWay.delete(token.jti))
  underWay.set(token.jti, taking)
  await taking
}

async function take(
  parts: ReceiverParts,
  { transmitter, actions, seen }: ReceivedTransmitter,
  token: SecurityEventToken,
): Promise<void> {
  const { issuer, maxAgeSeconds } = transmitter.options
  if (await seen.has(token.jti)) return
  for (const event of token.events) parts.states.require(issuer, event)
  for (const event of token.events) await takeEvent(parts, { issuer, actions, token }, event).catch(notTheirs)
  const endsAt = (token.issuedAt + maxAgeSeconds + parts.clockToleranceSeconds) * 1000
  await seen.add(token.jti, Math.max(1, Math.ceil(endsAt - parts.runtime.now())))
}

// The application may look into other tokens: errors in those must not refuse this one.
function notTheirs(error: unknown): never {
  if (refusalOf(error) === undefined) throw error
  throw new Error('"onEvent" or "subjects" of signals() has failed', { cause: error })
}

interface TakenToken {
  readonly issuer: string
  readonly actions: SignalActions
  readonly token: SecurityEventToken
}

async function takeEvent(
  { onEvent }: ReceiverParts,
  { issuer, actions, token }: TakenToken,
  event: TokenEvent,
): Promise<void> {
  const { subject, type, claims, occurredAt } = event
  const person = subject?.format === 'iss_sub' && typeof subject['sub'] === 'string' ? subject['sub'] : undefined
  audit(() => ({ name: 'signal_received', signal: type, subject: person, of: { issuer } }))
  const action = await actions.act(event)
  if (onEvent === undefined) return
  const told: SecurityEvent = {
    transmitter: issuer,
    type,
    ...(subject === undefined ? {} : { subject }),
    occurredAt,
    issuedAt: token.issuedAt,
    jti: token.jti,
    ...(token.transaction === undefined ? {} : { transaction: token.transaction }),
    claims,
    action,
    end: () => actions.end(event),
  }
  await returnedInTime('onEvent', () => onEvent(told), eventSeconds)
}

function findTransmitter({ transmitters }: ReceiverParts, { payload }: Jws, { from }: Delivery): ReceivedTransmitter {
  const iss = payload['iss']
  const found = transmitters.find(({ transmitter }) =>
    from === undefined ? transmitter.options.issuer === iss : transmitter === from,
  )
  if (found !== undefined) return found
  const expected = transmitters.map(({ transmitter }) => quoted(transmitter.options.issuer)).join(' or ')
  const message = `the security event token was not issued by a transmitter of this receiver: its iss is ${quoted(iss)}`
  const details = { subject: 'iss', seen: quoted(iss), expected, option: 'transmitters' }
  throw new TokenValidationError('token_issuer_mismatch', message, { details })
}

function requireAuthorization({ options }: Transmitter, { from, authorization = '' }: Delivery): void {
  const { pushAuthorization } = options
  if (from !== undefined || pushAuthorization === undefined) return
  // All are compared: the time must not reveal which one matched.
  const fitting = pushAuthorization.filter((expected) => equalSecrets(expected, authorization))
  if (fitting.length > 0) return
  const details = { subject: 'authorization', option: 'pushAuthorization' }
  const message = 'the header Authorization is not the one that this transmitter must send'
  throw new TokenValidationError('token_binding_failed', message, { details })
}

function requireListed({ jti }: SecurityEventToken, { jti: listed }: Delivery): void {
  if (listed === undefined || listed === jti) return
  const message = 'the security event token has another jti than it is listed under'
  throw new TokenValidationError('token_claim_invalid', message, { details: { subject: 'jti' } })
}
