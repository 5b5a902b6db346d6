import { types } from 'node:util'
import * as v from 'valibot'
import { ConfigurationError } from '../errors.js'
import { callback, text } from './common/fields.js'
import { parseOptions, section, suggestion } from './common/parse.js'

/** The texts of this package's own pages, in English. A page about an error has a title and one sentence or two. */
export const englishTexts = {
  cancelledTitle: 'You are not signed in',
  cancelledText: 'The sign-in was cancelled or refused. You can try again whenever you like.',
  refusedTitle: 'You cannot sign in here',
  refusedText: 'We know who you are, but this account has no access to this site.',
  expiredTitle: 'This sign-in is no longer valid',
  expiredText: 'It took too long, was finished before, or began in another browser. Please start again.',
  cookiesTitle: 'Your browser does not keep you signed in',
  cookiesText: 'This site needs cookies to sign you in. Allow them for this site, and try again.',
  unavailableTitle: 'Not possible at the moment',
  unavailableText: 'A service that this site needs does not respond. Please try again in a moment.',
  loginNeededTitle: 'Please sign in',
  loginNeededText:
    'You are not signed in, or your session has ended. If you were sending a form, the Back button may still have what you entered.',
  notAllowedTitle: 'You have no access',
  notAllowedText: 'You are signed in, but your account may not do this.',
  otherSiteTitle: 'This did not come from here',
  otherSiteText: 'It seems that another site sent this request, so nothing was done.',
  failedTitle: 'That did not work',
  failedText: 'Please try again. If it fails again, give the code below to the people who run this site.',
  tryAgain: 'Try again',
  signIn: 'Sign in',
  signInAgain: 'Sign in again',
  home: 'Home',
  code: 'Code',
  chooseTitle: 'Sign in',
  chooseText: 'Choose how:',
  nothingToChooseTitle: 'Sign in',
  nothingToChooseText:
    'This address does not say where to sign in. Use the link that your organization gave you, or begin at the home page of this site.',
  onwardTitle: 'One moment',
  onwardText: 'The next page opens by itself.',
  goOn: 'Go on',
  signOutTitle: 'Sign out?',
  signOutText: 'You are still signed in: your browser did not say whether you clicked a link on this site.',
  signOut: 'Sign out',
  staySignedIn: 'Stay signed in',
} as const satisfies Readonly<Record<string, string>>

/** Name of a text of this package's own pages. */
export type PageTextName = keyof typeof englishTexts

/**
 * What this package's own pages say.
 *
 * @example
 * ```ts
 * app.use(oidc({ ...options, pages: { language: 'de', texts: { tryAgain: 'Noch einmal', home: 'Startseite' } } }))
 * ```
 */
export interface PageOptions {
  /** Language of `texts`, as a BCP 47 tag such as `de` or `pt-BR`. It decides the direction of writing too. @default 'en' */
  language?: string | undefined
  /** Texts to show instead of the English ones. They are shown as text: HTML in them has no meaning. @default the English texts */
  texts?: Readonly<Partial<Record<PageTextName, string | undefined>>> | undefined
}

/** What the pages say to one request. */
export interface Pages {
  readonly language: string
  readonly texts: Readonly<Partial<Record<PageTextName, string | undefined>>>
}

/** The checked options of this package's own pages. */
export interface PageSettings {
  /** Whether our own routes and guards show errors as pages: otherwise the application's error handlers do. */
  readonly showErrors: boolean
  /**
   * @param req - the framework's request
   * @throws {ConfigurationError} `invalid_options` for what a function of the application has returned
   */
  readonly for: (req: unknown) => Pages
}

const isLanguage = (tag: string): boolean => {
  try {
    return Intl.getCanonicalLocales(tag).length === 1
  } catch {
    return false
  }
}

const texts = v.pipe(
  v.record(v.string(), v.optional(text('a text')), 'must be an object of texts'),
  v.check(
    (given) => unknownName(given) === undefined,
    ({ input }) =>
      `has no text "${unknownName(input) ?? ''}": ${suggestion(unknownName(input) ?? '', Object.keys(englishTexts))}`,
  ),
)

function unknownName(given: Readonly<Record<string, unknown>>): string | undefined {
  return Object.keys(given).find((name) => !Object.hasOwn(englishTexts, name))
}

/** The checks of the options of `errorPages()`. */
export const schema = section({
  language: v.optional(
    v.pipe(
      text('a language tag such as "de" or "pt-BR"'),
      v.check(isLanguage, 'must be a language tag such as "de" or "pt-BR"'),
    ),
    'en',
  ),
  texts: v.optional(texts, {}),
})

/** The checks of the option `pages`. */
export const pages = v.pipe(
  v.optional(
    v.lazy((given) => {
      if (given === false) return v.literal(false)
      return typeof given === 'function' ? callback : schema
    }),
    {},
  ),
  v.transform((given) => settings(given === false ? {} : given, 'oidc(): the function "pages"', given !== false)),
)

function settings(given: Pages | ((req: unknown) => unknown) | object, call: string, showErrors = true): PageSettings {
  if (typeof given === 'function') return { showErrors, for: (req) => checkReturned(given(req), call) }
  const always = { ...english, ...given }
  return { showErrors, for: () => always }
}

function checkReturned(given: unknown, call: string): Pages {
  if (!types.isPromise(given)) return parseOptions(call, schema, given ?? {})
  throw new ConfigurationError('invalid_options', `${call} must not be asynchronous: what it returns is shown at once`)
}

const english: Pages = { language: 'en', texts: {} }

/**
 * Checks the options of `errorPages()`.
 *
 * @throws {ConfigurationError} `invalid_options`
 */
export function parsePageOptions(options: unknown): PageSettings {
  if (typeof options === 'function') return settings(options, 'errorPages(): its function')
  return settings(parseOptions('errorPages()', schema, options), 'errorPages()')
}
