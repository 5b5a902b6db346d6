import * as v from 'valibot'
import { asymmetricAlgorithms } from '../common/algorithms.js'
import { algorithmList } from '../bearer/keys.js'
import { callback, endpointUrl, flag, httpUrl, listOf, routePath, seconds, wholeNumber } from '../common/fields.js'
import { httpEntries, usesHttps } from '../common/http-client.js'
import { checkOptions, isRequest, notCalled, section } from '../common/parse.js'
import { hasMethods } from '../common/stores.js'
import type { SubjectLookup } from './events.js'
import type { OidcOfSignals, SignalTokenSource, TransmitterOptions } from './options.js'

const isFunction = (value: unknown): boolean => typeof value === 'function'

const accessToken = v.custom<NonNullable<TransmitterOptions['accessToken']>>(
  (value) => (typeof value === 'string' && value !== '') || isFunction(value) || isTokenSource(value),
  'must be an access token, a function that returns one, or what clientCredentials() returns',
)

/** Whether a value is a source of tokens, such as `clientCredentials()` returns. */
export function isTokenSource(value: unknown): value is SignalTokenSource {
  return hasMethods(value, ['getToken', 'drop'])
}

const pollSection = section({
  url: v.optional(endpointUrl("the URL of the transmitter's poll endpoint")),
  maxEvents: v.optional(wholeNumber(1, 1000), 100),
  returnImmediately: v.optional(flag, false),
  intervalSeconds: v.optional(seconds(1, 3600), 10),
})
// `true` is short for all defaults.
const poll = v.optional(
  v.lazy((given) => {
    if (given === false) return v.literal(false)
    return given === true
      ? v.pipe(
          v.literal(true),
          v.transform(() => v.parse(pollSection, {})),
        )
      : pollSection
  }),
  false,
)

// Without any, every token would be refused for good.
const notEmpty = 'must not be empty'

const transmitter = section({
  issuer: httpUrl("the transmitter's issuer"),
  subjectIssuer: v.optional(httpUrl('the issuer of the sessions that it may end')),
  audience: v.optional(
    v.pipe(
      listOf((value) => value !== '', 'an audience'),
      v.minLength(1, notEmpty),
    ),
  ),
  subjects: v.optional(v.custom<SubjectLookup>(isFunction, 'must be a function that finds sessions')),
  pushAuthorization: v.optional(
    v.pipe(
      listOf((value) => value.length >= 8, 'the header Authorization, at least 8 characters'),
      v.minLength(1, notEmpty),
    ),
  ),
  accessToken: v.optional(accessToken),
  poll,
  algorithms: v.optional(algorithmList(asymmetricAlgorithms), asymmetricAlgorithms),
  maxAgeSeconds: v.optional(seconds(60, 30 * 86_400), 7 * 86_400),
  configurationUrl: v.optional(httpUrl("the URL of the transmitter's configuration")),
  jwksUri: v.optional(endpointUrl("the URL of the transmitter's keys")),
  profile: v.optional(v.picklist(['ssf', 'apple', 'google'], "must be 'ssf', 'apple' or 'google'"), 'ssf'),
})

/** The checks of the options of `signals()`. */
export const schema = v.pipe(
  section({
    oidc: v.custom<OidcOfSignals>(
      (value) => isFunction(value) && ['authenticate', 'health', 'close'].every((name) => hasMember(value, name)),
      'must be what oidc() returned',
    ),
    transmitters: v.pipe(
      v.array(transmitter, 'must be a list of transmitters'),
      v.minLength(1, 'must name at least one transmitter'),
      v.check(
        (list) => new Set(list.map(({ issuer }) => issuer)).size === list.length,
        'must not name one issuer twice: list several audiences in "audience"',
      ),
      v.description('a list of transmitters, such as [{ issuer }]'),
    ),
    path: v.optional(routePath, '/signals'),
    onEvent: v.optional(callback),
    onError: v.optional(callback),
    clockToleranceSeconds: v.optional(seconds(0, 300), 30),
    ...httpEntries,
  }),
  usesHttps((o) => ({
    transmitters: o.transmitters.flatMap(({ issuer, configurationUrl, jwksUri, poll: polling }) => [
      issuer,
      configurationUrl,
      jwksUri,
      polling === false ? undefined : polling.url,
    ]),
  })),
)

function hasMember(value: unknown, name: string): boolean {
  return isFunction(Reflect.get(Object(value), name))
}

/** The checked options of `signals()`. */
export type SignalsConfiguration = v.InferOutput<typeof schema>

/** One transmitter of them. */
export type TransmitterConfiguration = SignalsConfiguration['transmitters'][number]

/** How events are fetched from it. */
export type PollConfiguration = Exclude<TransmitterConfiguration['poll'], false>

/**
 * Checks the options of `signals()`. They hold objects of the caller, so the result is not frozen.
 *
 * @throws {ConfigurationError} `invalid_options`
 */
export function parseSignalsOptions(options: unknown): SignalsConfiguration {
  if (isRequest(options)) throw notCalled('signals()')
  return checkOptions('signals()', schema, options)
}
