import * as v from 'valibot'
import { isUrl } from '../../base/url.js'
import { kindOf } from '../given.js'
import { flag, isAllowedHere, seconds } from './fields.js'

/** The options that say how requests are made. */
export const httpEntries = {
  httpTimeoutSeconds: v.optional(seconds(0.1, 60), 5),
  fetch: v.optional(
    v.pipe(
      v.custom<typeof fetch>((value) => typeof value === 'function', 'must be a function'),
      v.description('a function'),
    ),
  ),
  dangerouslyAllowHttp: v.optional(flag, false),
}

const whatName = 'must be the name of a parameter'

/** The name of a parameter. */
export const parameterName = v.pipe(v.string(whatName), v.regex(/^[\w.-]{1,64}$/, whatName))

/** Further parameters of a request, with one text each. */
export const parameters = v.record(v.string(), v.string('must be a string'), 'must be an object of strings')

/** The message for options whose URLs must not be of plain http. */
export function httpsNeeded(...options: readonly string[]): string {
  const where = options.map((name) => ` "${name}"`).join(' and')
  return `must use https${where === '' ? '' : ` in${where}`}: plain http is for loopback hosts only (or dangerouslyAllowHttp)`
}

/**
 * The rule that none of these options is of plain http, unless that is allowed. Its message names each that is, with its URL. Other
 * schemes have been refused already.
 */
export function usesHttps<Options extends { readonly dangerouslyAllowHttp: boolean }>(
  valuesOf: (options: Options) => Readonly<Record<string, unknown>>,
  isAllowed: (url: URL, dangerouslyAllowHttp: boolean) => boolean = isAllowedHere,
) {
  const insecure = (options: Options): readonly (readonly [string, string])[] =>
    Object.entries(valuesOf(options)).flatMap(([name, value]) =>
      [value]
        .flat()
        .flatMap((url) =>
          isPlainHttp(url) && !isAllowed(new URL(url), options.dangerouslyAllowHttp) ? [[name, url] as const] : [],
        ),
    )
  return v.check<Options, (issue: v.CheckIssue<Options>) => string>(
    (options) => insecure(options).length === 0,
    ({ input }) => {
      const found = insecure(input)
      return `${httpsNeeded(...new Set(found.map(([name]) => name)))} (given: ${found.map(([, url]) => kindOf(url)).join(', ')})`
    },
  )
}

function isPlainHttp(url: unknown): url is string {
  return isUrl(url) && new URL(url).protocol === 'http:'
}

/** The function that makes requests to APIs. */
export function fetchOf(configuration: { readonly fetch?: typeof fetch | undefined }): typeof fetch {
  return configuration.fetch ?? globalThis.fetch
}
