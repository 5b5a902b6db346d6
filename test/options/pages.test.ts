import { describe, expect, test } from '@jest/globals'
import { englishTexts, parsePageOptions } from '../../lib/options/pages.js'
import { parseOidcOptions } from '../../lib/options/oidc/schema.js'

const options = {
  issuer: 'https://id.example.com',
  clientId: 'web',
  clientSecret: 'a secret of the client',
  baseUrl: 'https://app.example.com',
  secret: 'a secret for tests only, 32 characters at least',
}
const pagesOf = (pages?: unknown) => parseOidcOptions({ ...options, pages }).pages

describe('the option "pages"', () => {
  test('shows errors in English by default', () => {
    const { showErrors, for: pagesFor } = pagesOf()
    expect([showErrors, pagesFor(undefined)]).toEqual([true, { language: 'en', texts: {} }])
  })

  test('shows no errors if it is false', () => {
    const { showErrors, for: pagesFor } = pagesOf(false)
    expect([showErrors, pagesFor(undefined)]).toEqual([false, { language: 'en', texts: {} }])
  })

  test('takes a language and texts', () => {
    const texts = { home: 'Startseite', tryAgain: undefined }
    expect(pagesOf({ language: 'de-AT', texts }).for(undefined)).toEqual({ language: 'de-AT', texts })
  })

  test('takes a function of the request, and checks what it returns', () => {
    const { showErrors, for: pagesFor } = pagesOf((req: { language?: string }) => req)
    expect([showErrors, pagesFor({ language: 'de' })]).toEqual([true, { language: 'de', texts: {} }])
    expect(pagesOf(() => undefined).for({})).toEqual({ language: 'en', texts: {} })
    expect(() => pagesFor({ language: '?' })).toThrow(
      'oidc(): the function "pages": invalid options\n  - "language" must be',
    )
    expect(() => pagesOf(async () => ({ language: 'de' })).for({})).toThrow('"pages" must not be asynchronous')
  })

  test.each([
    [{ language: 'de_AT' }, '"pages.language" must be a language tag such as "de" or "pt-BR"'],
    [{ language: '' }, '"pages.language" is empty: expected a language tag such as "de" or "pt-BR"'],
    [{ texts: { hom: 'x' } }, '"pages.texts" has no text "hom": did you mean "home"?'],
    [{ texts: { toString: 'x' } }, '"pages.texts" has no text "toString": known are cancelledTitle,'],
    [{ texts: { home: 1 } }, '"pages.texts.home" must be a string: a text'],
    [{ texts: 'home' }, '"pages.texts" must be an object of texts'],
    [{ lang: 'de' }, '"pages.lang" is not an option: known are language, texts'],
    [true, '"pages"'],
  ])('refuses %j', (pages, message) => {
    expect(() => pagesOf(pages)).toThrow(message)
  })
})

test('errorPages() takes the same options, and names itself where one is invalid', () => {
  expect(parsePageOptions({ language: 'fr' }).for(undefined)).toEqual({ language: 'fr', texts: {} })
  expect(parsePageOptions(() => ({ language: 'fr' })).for(undefined)).toEqual({ language: 'fr', texts: {} })
  expect(() => parsePageOptions({ language: '?' })).toThrow(
    /^errorPages\(\): invalid options\n {2}- "language" must be/,
  )
})

test('no English text is empty, and none holds HTML', () => {
  for (const text of Object.values(englishTexts)) expect(text).toMatch(/^[A-Z][^<>&]+$/)
})
