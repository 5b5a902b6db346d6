import * as v from 'valibot'
import { isJsonObject } from '../../base/json.js'
import { callback, flag, httpUrl, seconds, text, wholeNumber } from '../common/fields.js'
import { httpEntries, usesHttps } from '../common/http-client.js'
import { checkOptions, parseOptions, section } from '../common/parse.js'
import { hasMethods } from '../common/stores.js'
import type { DecisionQuestion } from './question.js'

/** The checks of the options of `policyDecisionPoint()`. */
export const pdpSchema = v.pipe(
  section({
    url: httpUrl('the URL of a policy decision point, such as "https://pdp.example.com"'),
    discovery: v.optional(flag, false),
    authorization: v.optional(
      v.lazy((given) => (typeof given === 'function' ? callback : text('a value of the Authorization header'))),
    ),
    timeoutSeconds: v.optional(seconds(0.1, 60), 2),
    cacheSeconds: v.optional(seconds(0, 3600), 0),
    cacheMaxEntries: v.optional(wholeNumber(1, 100_000), 10_000),
    fetch: httpEntries.fetch,
    dangerouslyAllowHttp: httpEntries.dangerouslyAllowHttp,
  }),
  usesHttps(({ url }) => ({ url })),
)

/** The checked and frozen options of `policyDecisionPoint()`. */
export type PolicyDecisionPointConfiguration = v.InferOutput<typeof pdpSchema>

/**
 * Checks the options of `policyDecisionPoint()`.
 *
 * @throws {ConfigurationError} `invalid_options`
 */
export function parsePolicyDecisionPoint(options: unknown): PolicyDecisionPointConfiguration {
  return parseOptions('policyDecisionPoint()', pdpSchema, options)
}

const members = v.custom<Readonly<Record<string, unknown>>>(isJsonObject, 'must be an object of JSON values')
const properties = v.optional(members)

/** A subject or a resource. */
const entity = section({ type: text('its type'), id: text('its ID'), properties })

const action = v.pipe(
  v.unknown(),
  v.transform((given) => (typeof given === 'string' ? { name: given } : given)),
  section({ name: text('the name of the action'), properties }),
)

const question = section({ subject: entity, action, resource: entity, context: v.optional(members) })

/** A checked question, as it is sent. */
export type CheckedQuestion = v.InferOutput<typeof question>

/**
 * Checks a question. The application may have made it from untrusted parts of a request.
 *
 * @throws {ConfigurationError} `invalid_options`
 */
export function parseQuestion(call: string, given: DecisionQuestion): CheckedQuestion {
  return checkOptions(call, question, given)
}

const what = 'what policyDecisionPoint() returns'

/** A part of the question, or a function of the request. Its result is checked with the question. */
function part<Schema extends v.GenericSchema>(schema: Schema, description: string) {
  return v.pipe(
    v.lazy((given) => (typeof given === 'function' ? callback : schema)),
    v.description(description),
  )
}

/** The checks of the options of `decision()`. */
export const decisionSchema = section({
  pdp: v.pipe(
    v.custom((value) => hasMethods(value, ['evaluate', 'evaluateAll']), `must be ${what}`),
    v.description(what),
  ),
  action: part(action, 'the name of the action'),
  resource: v.pipe(
    v.lazy((given) => (typeof given === 'function' ? callback : Array.isArray(given) ? v.array(entity) : entity)),
    v.description('what is acted on, such as { type, id }'),
  ),
  subject: v.optional(part(entity, 'who acts')),
  context: v.optional(part(members, 'the circumstances')),
  onAnswer: v.optional(callback),
})

/**
 * Checks the options of `decision()`, as far as they are known before a request.
 *
 * @throws {ConfigurationError} `invalid_options`
 */
export function requireDecision(options: unknown): void {
  checkOptions('decision()', decisionSchema, options)
}
