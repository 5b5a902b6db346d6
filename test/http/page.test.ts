import { describe, expect, test } from '@jest/globals'
import { hash } from 'node:crypto'
import { directionOf, escapeHtml, page, textOf, textPage } from '../../lib/http/page.js'
import type { Pages } from '../../lib/options/pages.js'

describe('a page', () => {
  test('runs no script and loads nothing: its policy allows its own style sheet only', () => {
    const { headers, body } = page({ title: 'Hello', main: '<h1>Hello</h1>' })
    const sheet = /<style>([^]*)<\/style>/.exec(body)?.[1] ?? ''
    expect(headers['Content-Security-Policy']).toBe(
      `default-src 'none'; style-src 'sha256-${hash('sha256', sheet, 'base64')}'; base-uri 'none'; frame-ancestors 'none'`,
    )
    expect(body).not.toMatch(/<script|style=|url\(|@import/)
  })

  test('is not stored by caches, whatever further headers it gets', () => {
    const { headers, status } = page({
      ...{ title: 'Hello', main: '', status: 503 },
      headers: { 'Retry-After': '5', 'Content-Security-Policy': 'x', 'Cache-Control': 'public' },
    })
    expect(status).toBe(503)
    expect(headers).toMatchObject({ 'Retry-After': '5', 'Cache-Control': 'no-store' })
    expect(headers['Content-Security-Policy']).toContain("default-src 'none'")
  })

  test('says its language and in which direction that is written', () => {
    expect(page({ title: '', main: '' }).body).toContain('<html lang="en" dir="ltr">')
    expect(page({ title: '', main: '', language: 'ar-EG' }).body).toContain('<html lang="ar-EG" dir="rtl">')
  })

  test('runs the script that it is given, and no other', () => {
    const { headers, body } = page({ title: 'Hello', main: '<p>Hi</p>', script: 'go()' })
    expect(body).toContain('</main><script>go()</script></body>')
    expect(headers['Content-Security-Policy']).toContain(`; script-src 'sha256-${hash('sha256', 'go()', 'base64')}'`)
    expect(page({ title: 'Hello', main: '<p>Hi</p>' }).body).toContain('<main><p>Hi</p></main></body>')
  })

  test('is HTML, with what it is given for its head, and tells other sites nothing of its URL', () => {
    const { kind, headers, body } = page({ title: 'Hello', main: '', head: '<base href="/x">' })
    expect([kind, headers['Content-Type']]).toEqual(['respond', 'text/html; charset=utf-8'])
    expect(body).toContain('<meta name="referrer" content="same-origin">')
    expect(body).toContain('content="light dark"><base href="/x"><title>')
    expect(page({ title: 'Hello', main: '' }).body).toContain('content="light dark"><title>')
    expect(page({ title: '', main: '', referrer: 'no-referrer' }).body).toContain('content="no-referrer"')
  })

  test('has a style sheet', () => {
    expect(page({ title: '', main: '' }).body).toMatch(/<style>[^<]*main\{width:100%/)
  })

  test('shows its title as text', () => {
    expect(page({ title: '</title><b>', main: '' }).body).toContain('<title>&lt;/title&gt;&lt;b&gt;</title>')
  })
})

describe('a page of texts', () => {
  const german: Pages = { language: 'de', texts: { failedTitle: 'Das ging <nicht>', failedText: 'Später vielleicht.' } }

  test('has a heading, a paragraph and a title in the language of the application, as text, and then what is added', () => {
    const parts = { title: 'failedTitle', text: 'failedText', main: '<p>500</p>', status: 500 } as const
    const { status, body } = textPage(german, parts)
    expect(status).toBe(500)
    expect(body).toContain('<html lang="de" dir="ltr">')
    expect(body).toContain('<title>Das ging &lt;nicht&gt;</title>')
    const texts = '<h1>Das ging &lt;nicht&gt;</h1><p id="text">Später vielleicht.</p>'
    expect(body).toContain(`<main>${texts}<p>500</p></main>`)
  })

  test('is in English where the application says nothing', () => {
    const { body } = textPage({ language: 'en', texts: {} }, { title: 'signOutTitle', text: 'signOutText', main: '' })
    expect(body).toContain('<title>Sign out?</title>')
    expect(body).toContain('<h1>Sign out?</h1>')
  })

  test.each([
    ['de', '<span lang="en" dir="ltr">Sign out</span>'],
    ['den', '<span lang="en" dir="ltr">Sign out</span>'],
    ['EN-gb', 'Sign out'],
  ])('marks a text that is not translated to %s as English: %s', (language, html) => {
    expect(textOf({ language, texts: {} }, 'signOut')).toBe(html)
  })
})

test.each([
  ...(['ar', 'he', 'fa-IR', 'ur', 'yi', 'ckb', 'dv', 'ug', 'pa-PK', 'az-Arab'] as const).map((tag) => [tag, 'rtl']),
  ...(['en', 'de-CH', 'pa', 'az', 'zh-Hant', 'ku', 'tlh'] as const).map((tag) => [tag, 'ltr']),
])('%s is written %s', (tag, direction) => {
  expect(directionOf(tag)).toBe(direction)
})

test('escapes what would end a text or an attribute', () => {
  expect(escapeHtml(`<a href="x" id='y'>&amp;`)).toBe('&lt;a href=&quot;x&quot; id=&#39;y&#39;&gt;&amp;amp;')
})
