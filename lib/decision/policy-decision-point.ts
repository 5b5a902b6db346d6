import { TtlCache } from '../base/cache/ttl-cache.js'
import { CircuitBreaker } from '../base/circuit-breaker.js'
import { type Runtime, runtimeFor } from '../base/runtime.js'
import { AccessError, ConfigurationError } from '../errors.js'
import type { PolicyDecisionPointOptions } from '../options/decision/options.js'
import type { DecisionAnswer, DecisionQuestion } from '../options/decision/question.js'
import {
  type CheckedQuestion,
  parsePolicyDecisionPoint,
  parseQuestion,
  type PolicyDecisionPointConfiguration,
} from '../options/decision/schema.js'
import { callInTime } from '../base/timers/call-in-time.js'
import { createHttpClient, type HttpClient } from '../provider/transport/http-client.js'
import { isOidcError, redactedCause } from '../base/error-cause.js'
import { readAnswer, readAnswers, decisionUnavailable } from './answer.js'
import { pdpEndpoints, type PdpEndpoints } from './endpoints.js'

/** A policy decision point, as `policyDecisionPoint()` returns it. */
export interface PolicyDecisionPoint {
  /**
   * Asks one question.
   *
   * @example
   * ```ts
   * import { policyDecisionPoint } from 'express-oidc'
   *
   * const pdp = policyDecisionPoint({ url: 'https://pdp.example.com' })
   * const subject = { type: 'user', id: 'alice' }
   * const { decision } = await pdp.evaluate({ subject, action: 'read', resource: { type: 'order', id: '7' } })
   * ```
   *
   * @throws {AccessError} `decision_unavailable` if there is no answer, or none that can be read
   * @throws {ConfigurationError} `invalid_options` if the argument is not a valid question
   * @see https://openid.net/specs/authorization-api-1_0.html#name-access-evaluation-api
   */
  evaluate(question: DecisionQuestion): Promise<DecisionAnswer>
  /**
   * Asks several questions in one request. The answers are in the order of the questions.
   *
   * @example
   * ```ts
   * import { policyDecisionPoint } from 'express-oidc'
   *
   * const pdp = policyDecisionPoint({ url: 'https://pdp.example.com' })
   * const [subject, resource] = [{ type: 'user', id: 'alice' }, { type: 'order', id: '7' }]
   * const answers = await pdp.evaluateAll(['read', 'remove'].map((action) => ({ subject, action, resource })))
   * const allowed = answers.map(({ decision }) => decision)
   * ```
   *
   * @throws like {@link PolicyDecisionPoint.evaluate}
   * @see https://openid.net/specs/authorization-api-1_0.html#name-access-evaluations-api
   */
  evaluateAll(questions: readonly DecisionQuestion[]): Promise<readonly DecisionAnswer[]>
  /** Aborts requests; later ones fail. */
  close(): void
}

/**
 * Creates the client of a policy decision point that speaks the OpenID AuthZEN Authorization API 1.0. It sends no request yet.
 * Guards do so with `decision()`, and your code can with `evaluate()`.
 *
 * @example
 * ```ts
 * import { decision, policyDecisionPoint } from 'express-oidc'
 *
 * const pdp = policyDecisionPoint({ url: 'https://pdp.example.com' })
 * const readOrder = decision({ pdp, action: 'read', resource: ({ params }) => ({ type: 'order', id: String(params['id']) }) })
 * app.get('/orders/:id', requireAuth(readOrder), listOrders)
 * ```
 *
 * @throws {ConfigurationError} `invalid_options`
 * @see https://openid.net/specs/authorization-api-1_0.html
 */
export function policyDecisionPoint(options: PolicyDecisionPointOptions): PolicyDecisionPoint {
  const configuration = parsePolicyDecisionPoint(options)
  return createPolicyDecisionPoint(configuration, runtimeFor(configuration))
}

const maxBytes = 64 * 1024
/** The most questions of one request. */
export const maxQuestions = 100

/** Creates the client from a parsed configuration, with a given clock. */
export function createPolicyDecisionPoint(
  configuration: PolicyDecisionPointConfiguration,
  runtime: Runtime,
): PolicyDecisionPoint {
  const { timeoutSeconds: httpTimeoutSeconds, cacheSeconds, cacheMaxEntries: max } = configuration
  const httpClient = createHttpClient({ ...configuration, httpTimeoutSeconds })
  const endpoints = pdpEndpoints(configuration, httpClient, runtime)
  const caller: Caller = { configuration, httpClient, endpoints, runtime, breaker: new CircuitBreaker(runtime) }
  const milliseconds = cacheSeconds * 1000
  const cache = cacheSeconds === 0 ? undefined : new TtlCache<DecisionAnswer>({ max, milliseconds, runtime })
  return {
    evaluate: async (question) => {
      const checked = parseQuestion('evaluate()', question)
      const body = bodyOf(checked)
      return cachedAnswer(cache, body, async () => readAnswer(await send(caller, 'evaluation', body)))
    },
    evaluateAll: async (questions) => {
      const checked = questionsIn(questions)
      const body = bodyOf({ evaluations: checked })
      return readAnswers(await send(caller, 'evaluations', body), checked.length)
    },
    close: () => httpClient.close(),
  }
}

interface Caller {
  readonly configuration: PolicyDecisionPointConfiguration
  readonly httpClient: HttpClient
  readonly endpoints: () => Promise<PdpEndpoints>
  readonly runtime: Runtime
  readonly breaker: CircuitBreaker
}

function questionsIn(questions: readonly DecisionQuestion[]): readonly CheckedQuestion[] {
  const count = Array.isArray(questions) ? questions.length : 0
  if (count >= 1 && count <= maxQuestions) return questions.map((each) => parseQuestion('evaluateAll()', each))
  throw new ConfigurationError('invalid_options', `evaluateAll() takes a list of 1 to ${maxQuestions} questions`)
}

// Members that are `undefined` are left out: the same question always has the same text.
function bodyOf(value: object): string {
  try {
    return JSON.stringify(value)
  } catch {
    throw new ConfigurationError('invalid_options', 'a question to a policy decision point must be of JSON values')
  }
}

async function cachedAnswer(
  cache: TtlCache<DecisionAnswer> | undefined,
  question: string,
  ask: () => Promise<DecisionAnswer>,
): Promise<DecisionAnswer> {
  const known = cache?.get(question)
  if (known !== undefined) return known
  const answer = await ask()
  // An error in place of a decision says nothing about the next time.
  if (answer.context?.['error'] === undefined) cache?.set(question, answer)
  return answer
}

async function send(caller: Caller, endpoint: keyof PdpEndpoints, body: string): Promise<string> {
  const { breaker, httpClient, endpoints, runtime } = caller
  const requestId = runtime.randomBytes(16).toString('hex')
  let why = 'was not asked: "authorization" gave no credentials'
  try {
    const headers = await headersOf(caller, requestId)
    why = 'was not asked: it failed before, so it gets no requests for a while'
    const { status, text } = await breaker.run(async () => {
      why = 'did not answer'
      const { [endpoint]: url } = await endpoints()
      if (url === undefined) throw decisionUnavailable('takes one question at a time', `no access_${endpoint}_endpoint`)
      why = `did not answer (X-Request-ID ${requestId})`
      return httpClient.request(url, { method: 'POST', headers, body, maxBytes })
    })
    if (status === 200) return text
    const refusal = status === 401 ? 'did not accept the credentials ("authorization")' : 'refused the question'
    throw decisionUnavailable(`${refusal} (X-Request-ID ${requestId})`, `status ${status}`)
  } catch (error) {
    throw failureOf(error, why)
  }
}

async function headersOf(
  { configuration: { authorization, timeoutSeconds } }: Caller,
  requestId: string,
): Promise<Readonly<Record<string, string>>> {
  const value = typeof authorization === 'function' ? await credentials(authorization, timeoutSeconds) : authorization
  return {
    'content-type': 'application/json',
    accept: 'application/json',
    'x-request-id': requestId,
    ...(value === undefined ? {} : { authorization: value }),
  }
}

async function credentials(authorization: () => unknown, seconds: number): Promise<string> {
  const value = await callInTime('authorization', authorization, seconds)
  if (typeof value === 'string' && value !== '') return value
  throw decisionUnavailable('was not asked', 'no string from the function "authorization"')
}

// This includes failures of the application's function for credentials: without credentials there is no decision.
function failureOf(error: unknown, why: string): AccessError | ConfigurationError {
  if (error instanceof AccessError || error instanceof ConfigurationError) return error
  const seen = isOidcError(error) ? error.code : 'an error'
  return decisionUnavailable(why, seen, redactedCause(error))
}
