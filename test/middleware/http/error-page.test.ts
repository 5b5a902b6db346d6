import { describe, expect, test } from '@jest/globals'
import {
  AccessError,
  AuthorizationResponseError,
  BearerError,
  ConfigurationError,
  type OidcError,
  ProviderError,
  SessionError,
  TokenValidationError,
  TransactionError,
} from '../../../lib/index.js'
import { errorPage, noLinks } from '../../../lib/middleware/http/error-page.js'
import { englishTexts, type Pages } from '../../../lib/options/pages.js'

const english: Pages = { language: 'en', texts: {} }
const links = { retryUrl: 'https://app.example.com/login?returnTo=%2Fa&b=1', home: '/' }
const message = 'what only developers should read'
const hidden = { cause: new Error('the inner reason') }

/** The visible texts of a page, in order. */
function wordsOf(body: string): readonly string[] {
  return body
    .replace(/^[^]*<main>|<\/main>[^]*$/g, '')
    .split(/<[^>]*>/)
    .filter((text) => text !== '')
}

describe('the page about', () => {
  const cases: readonly (readonly [OidcError, string, readonly string[]])[] = [
    [new AuthorizationResponseError('access_denied', message, hidden), 'cancelledTitle', ['Try again', 'Home']],
    [new TransactionError('login_refused', message), 'refusedTitle', ['Try again', 'Home']],
    [new TransactionError('transaction_expired', message), 'expiredTitle', ['Try again', 'Home']],
    [new TransactionError('transaction_missing', message), 'expiredTitle', ['Try again', 'Home']],
    [new AuthorizationResponseError('state_mismatch', message), 'expiredTitle', ['Try again', 'Home']],
    [new TransactionError('login_loop', message), 'cookiesTitle', ['Try again', 'Home']],
    [new ProviderError('provider_unreachable', message, hidden), 'unavailableTitle', ['Try again', 'Home']],
    [new SessionError('session_store_unavailable', message), 'unavailableTitle', ['Try again', 'Home']],
    [new AccessError('login_needed', message), 'loginNeededTitle', ['Sign in', 'Home']],
    [new SessionError('session_expired', message), 'loginNeededTitle', ['Sign in', 'Home']],
    [new AccessError('not_allowed', message), 'notAllowedTitle', ['Sign in again', 'Home']],
    [new BearerError('insufficient_scope', message), 'notAllowedTitle', ['Sign in again', 'Home']],
    [new AccessError('cross_site_request', message), 'otherSiteTitle', ['Home']],
    [new AuthorizationResponseError('authorization_failed', message), 'failedTitle', ['Try again', 'Home']],
    [new TokenValidationError('token_expired', message, hidden), 'failedTitle', ['Try again', 'Home']],
    [new ConfigurationError('not_mounted', message), 'failedTitle', ['Try again', 'Home']],
  ]
  test.each(cases.map(([error, ...rest]) => [error.code, error, ...rest] as const))(
    '%s says what happened, where to go, and the code, and nothing else of the error',
    (code, error, title, actions) => {
      const { status, body } = errorPage(error, english, links)
      expect(status).toBe(error.status)
      const texts: Readonly<Record<string, string>> = englishTexts
      const text = texts[title.replace('Title', 'Text')]
      expect(wordsOf(body)).toEqual([texts[title], text, ...actions, 'Code: ', code])
      expect(body).not.toMatch(/developers|inner reason|Error/)
    },
  )
})

describe('an error page', () => {
  test('has the headers of the error, but its own policy', () => {
    const headers = { 'Retry-After': '5', 'Content-Security-Policy': 'x' }
    const page = errorPage(new ProviderError('provider_timeout', message, { headers }), english, links)
    expect(page.headers).toMatchObject({ 'Retry-After': '5', 'Cache-Control': 'no-store' })
    expect(page.headers['Content-Security-Policy']).toContain("default-src 'none'")
  })

  test('links to the login and to the start, and tells neither its own URL', () => {
    const { body } = errorPage(new AuthorizationResponseError('access_denied', message), english, links)
    expect(body).toContain('<a href="https://app.example.com/login?returnTo=%2Fa&amp;b=1" class="button">')
    expect(body).toContain('<a href="/">')
    expect(body).toContain('<meta name="referrer" content="no-referrer">')
  })

  test('has no links where none are known', () => {
    const { body } = errorPage(new AuthorizationResponseError('access_denied', message), english, noLinks)
    expect(body).not.toContain('<a ')
  })

  test('shows the texts of the application as text, in its language, and marks those in English', () => {
    const pages: Pages = {
      ...english,
      language: 'ar',
      texts: { cancelledTitle: 'أُلغي <b>"تسجيل"</b>', home: 'الرئيسية' },
    }
    const { body } = errorPage(new AuthorizationResponseError('access_denied', message), pages, links)
    expect(body).toContain('<html lang="ar" dir="rtl">')
    expect(body).toContain('<title>أُلغي &lt;b&gt;&quot;تسجيل&quot;&lt;/b&gt;</title>')
    expect(body).toContain('<h1>أُلغي &lt;b&gt;&quot;تسجيل&quot;&lt;/b&gt;</h1>')
    expect(body).toContain('<span lang="en" dir="ltr">Try again</span>')
    expect(body).toContain('<a href="/">الرئيسية</a>')
  })
})
