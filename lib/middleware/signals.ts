import { ConfigurationError } from '../errors.js'
import { internals } from '../base/runtime.js'
import { omitUndefined } from '../base/json.js'
import { quoted } from '../base/error-cause.js'
import { withAuditedRequest } from '../base/audit/audit.js'
import type { SignalsOptions } from '../options/signals/options.js'
import type { EventStreams } from '../options/signals/streams.js'
import {
  parseSignalsOptions,
  type SignalsConfiguration,
  type TransmitterConfiguration,
} from '../options/signals/schema.js'
import { createActions, type ProviderSessions } from '../signals/events/actions.js'
import { Poller } from '../signals/delivery/poller.js'
import { answerPush } from '../signals/delivery/push.js'
import type { ReceivedTransmitter, ReceiverParts } from '../signals/delivery/receiver.js'
import { createStreamStates } from '../signals/transmitter/stream-state.js'
import { createStreams } from '../signals/transmitter/streams.js'
import { createTransmitter } from '../signals/transmitter/transmitter.js'
import { continueAfter, passOn, thrownError } from './http/error-response.js'
import { createHttpRequest } from './http/request.js'
import { respondOrFail } from './http/respond.js'
import { readTextOnce } from './http/text-body.js'
import type { WebRelyingParty } from './providers/relying-parties.js'
import type { OidcContext } from './session/request-context.js'
import type { Middleware } from './types.js'

/** The middleware that `signals()` returns. */
export interface SignalsMiddleware extends Middleware {
  /**
   * Fetches the configuration and the keys of all transmitters.
   *
   * @throws {ProviderError} when one is unavailable. Later events try again.
   */
  ready(): Promise<void>
  /**
   * Fetches events from each transmitter with the option `poll`, until `close()` is called, which fulfils the promise. Failures are
   * reported to `onError` and retried, after growing waits. Several processes may poll: what one of them has taken is acknowledged by all.
   *
   * @example
   * ```ts
   * receiver.poll().catch(console.error) // until receiver.close()
   * ```
   *
   * @throws {ConfigurationError} `invalid_options` if no transmitter has the option `poll`
   * @see https://www.rfc-editor.org/rfc/rfc8936#section-2
   */
  poll(): Promise<void>
  /**
   * The streams that a transmitter has for this receiver.
   *
   * @example
   * ```ts
   * import { clientCredentials, signals } from 'express-oidc'
   *
   * const accessToken = clientCredentials({ issuer, clientId, clientSecret, scope: 'ssf.manage' })
   * const receiver = signals({ oidc: auth, transmitters: [{ issuer, accessToken }] })
   * const { stream_id: id } = await receiver.streams().create({ delivery: 'https://app.example.com/signals' })
   * await receiver.streams().verify(id)
   * ```
   *
   * @param issuer - of the transmitter. Default: the only one
   * @throws {ConfigurationError} `invalid_options` for one that is not in the options
   */
  streams(issuer?: string): EventStreams
  /** Ends polling, and closes connections. */
  close(): void
}

/**
 * Creates middleware that takes security events from other systems and ends the sessions that they name: in all browsers, in all
 * processes, and on live connections. It answers pushes at its path, and lets all other requests pass.
 *
 * Mount it before body parsers, and before `oidc()`.
 *
 * @example
 * ```ts
 * import { oidc, signals } from 'express-oidc'
 *
 * const auth = oidc(options)
 * app.use(signals({ oidc: auth, transmitters: [{ issuer: 'https://id.example.com' }] }))
 * app.use(auth)
 * ```
 *
 * @throws {ConfigurationError} `invalid_options`. The message lists every invalid option.
 * @see https://openid.net/specs/openid-sharedsignals-framework-1_0.html
 * @see https://openid.net/specs/openid-caep-1_0.html
 * @see https://www.rfc-editor.org/rfc/rfc8935#section-2
 */
export function signals(options: SignalsOptions, ..._none: readonly undefined[]): SignalsMiddleware {
  const configuration = parseSignalsOptions(options)
  const context = contextOf(configuration.oidc)
  return createSignals(configuration, context)
}

function createSignals(configuration: SignalsConfiguration, context: OidcContext): SignalsMiddleware {
  const parts = receiverParts(configuration, context)
  const { path } = configuration

  const middleware: Middleware = function signals(req, res, next) {
    const request = createHttpRequest(req)
    if (request.path !== path) {
      next()
      return
    }
    const push = {
      method: request.method,
      contentType: request.header('content-type') ?? '',
      authorization: request.header('authorization'),
      body: () => readTextOnce(req),
    }
    const call = { req, res, next }
    continueAfter(
      withAuditedRequest(req, () => answerPush(parts, push)),
      call,
      (answer) => (answer.kind === 'failed' ? passOn(thrownError(answer.error), call) : respondOrFail(call, answer)),
    )
  }

  return Object.assign(middleware, managementOf(configuration, parts))
}

function managementOf(
  { onError }: SignalsConfiguration,
  receiver: ReceiverParts,
): Pick<SignalsMiddleware, 'ready' | 'poll' | 'streams' | 'close'> {
  const all = receiver.transmitters.map(({ transmitter }) => ({
    transmitter,
    streams: createStreams(transmitter, receiver.states),
  }))
  const pollers = all.flatMap(({ transmitter, streams }) => {
    const { poll } = transmitter.options
    return poll === false ? [] : [new Poller({ receiver, transmitter, streams, poll, onError })]
  })
  return {
    ready: async () => {
      await Promise.all(all.map(({ transmitter }) => transmitter.ready()))
    },
    poll: async () => {
      if (pollers.length === 0) throw invalid('no transmitter has the option "poll"')
      await Promise.all(pollers.map((poller) => poller.run()))
    },
    streams: (issuer) => {
      const [one, ...others] = all.filter(
        ({ transmitter: { options } }) => options.issuer === (issuer ?? options.issuer),
      )
      if (one !== undefined && others.length === 0) return one.streams
      const names = all.map(({ transmitter: { options } }) => quoted(options.issuer)).join(', ')
      throw invalid(`streams() needs the issuer of one of the transmitters: ${names}`)
    },
    close: () => [...pollers, ...all.map(({ transmitter }) => transmitter)].forEach((part) => part.close()),
  }
}

function receiverParts(
  configuration: SignalsConfiguration,
  { application, relyingParties }: OidcContext,
): ReceiverParts {
  if (relyingParties.mayLose) {
    throw invalid('"oidc" has a function as "providers", so its sessions are not known by their issuer')
  }
  const { runtime, audience, revocations } = application
  const { clockToleranceSeconds, httpTimeoutSeconds, onEvent } = configuration
  const transmitters = configuration.transmitters.map((each): ReceivedTransmitter => {
    const own = relyingPartiesOf(each, relyingParties.all())
    const { issuer, audience: audiences = own.map((rp) => rp.configuration.clientId) } = each
    const rules = { transmitter: issuer, issuers: own.flatMap(issuersOf), lookup: each.subjects, httpTimeoutSeconds }
    return {
      transmitter: createTransmitter(each, audiences, configuration, runtime),
      actions: createActions({ rules, providers: own.map(sessionsOf), revocations, runtime }),
      seen: application.usedIdsOf(['signals', issuer, ...audience]),
      underWay: new Map(),
    }
  })
  const states = createStreamStates(application.configuration.secret, audience, runtime)
  return { transmitters, states, runtime, clockToleranceSeconds, onEvent }
}

function contextOf(oidc: object): OidcContext {
  const context = internals().middlewares.get(oidc)
  if (isContext(context)) return context
  throw invalid('"oidc" must be what oidc() returned')
}

function isContext(value: unknown): value is OidcContext {
  return typeof value === 'object' && value !== null && 'application' in value && 'relyingParties' in value
}

function relyingPartiesOf(
  { issuer, subjectIssuer = issuer, profile }: TransmitterConfiguration,
  all: readonly WebRelyingParty[],
): readonly WebRelyingParty[] {
  const own = all.filter(({ configuration }) => configuration.issuer === subjectIssuer)
  if (own.length > 0) return own
  const known = all.map(({ configuration }) => quoted(configuration.issuer)).join(' or ')
  const hint =
    profile === 'ssf'
      ? '"subjectIssuer" says whose sessions a transmitter may end'
      : 'this preset is for people of that provider'
  throw invalid(
    `"transmitters" has ${quoted(issuer)}, but "oidc" has no provider with the issuer ${quoted(subjectIssuer)} (it has ${known}): ${hint}`,
  )
}

function issuersOf({ configuration: { issuer, issuerAliases = [] } }: WebRelyingParty): readonly string[] {
  return [issuer, ...issuerAliases]
}

function sessionsOf({ configuration, sessionProvider }: WebRelyingParty): ProviderSessions {
  const { issuer, clientId } = configuration
  return {
    of: { issuer, clientId, ...omitUndefined({ provider: sessionProvider?.name }) },
    ...omitUndefined({ provider: sessionProvider?.key }),
  }
}

function invalid(flaw: string): ConfigurationError {
  return new ConfigurationError('invalid_options', `signals(): invalid options\n  - ${flaw}`)
}
