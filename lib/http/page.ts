import { hash } from 'node:crypto'
import { englishTexts, type Pages, type PageTextName } from '../options/pages.js'
import type { Respond } from './outcome.js'
import { privateHeaders } from './problem.js'

/** A small page. What is HTML must have anything from outside escaped. */
export interface PageParts {
  /** Text. */
  readonly title: string
  /** HTML. */
  readonly main: string
  /** Additional elements for the head: HTML. */
  readonly head?: string
  /** @default 200 */
  readonly status?: number
  /** Further headers. Those of the page itself win. */
  readonly headers?: Readonly<Record<string, string>>
  /** Language of the texts, as a BCP 47 tag. @default 'en' */
  readonly language?: string
  /**
   * What links and forms say of the page's URL. Not `no-referrer` where there is a form: browsers would send `Origin: null` with
   * it (Fetch section 3.2).
   *
   * @default 'same-origin'
   */
  readonly referrer?: 'same-origin' | 'no-referrer'
  /** A script that runs at the end of the page, the same for everybody. @default none */
  readonly script?: string
}

// Borders that are transparent show in the high-contrast modes, where backgrounds do not.
const style = `
:root{color-scheme:light dark;--back:#f4f5f7;--front:#fff;--text:#1c2026;--soft:#596170;--line:#d8dce2;--accent:#1d5bb8;--on-accent:#fff}
@media (prefers-color-scheme:dark){:root{--back:#121418;--front:#1c1f25;--text:#e9ebee;--soft:#a5adb9;--line:#363b45;--accent:#8fb9ff;--on-accent:#0d2140}}
*{box-sizing:border-box}
body{display:grid;place-items:center;min-height:100vh;min-height:100dvh;margin:0;padding:1rem;background:var(--back);color:var(--text);font:1rem/1.6 system-ui,sans-serif}
main{width:100%;max-width:28rem;padding:2rem;background:var(--front);border:1px solid var(--line);border-radius:.75rem;overflow-wrap:anywhere}
h1{margin:0 0 .75rem;font-size:1.4rem;line-height:1.3;text-wrap:balance}
p,ul{margin:0 0 1rem}
main>:last-child{margin-bottom:0}
a{color:var(--accent);text-underline-offset:.2em}
ul{display:grid;gap:.6rem;padding:0;list-style:none}
button,.button,li a{display:block;padding:.6rem 1.1rem;border:1px solid transparent;border-radius:.5rem;font:inherit;text-align:center;text-decoration:none;cursor:pointer}
button,.button{background:var(--accent);color:var(--on-accent);font-weight:600}
li a,li button{border-color:var(--soft);color:inherit}
li button{width:100%;background:none;font-weight:400}
li a:hover,li button:hover{border-color:var(--accent)}
small{display:block;color:var(--soft)}
button:hover,.button:hover{filter:brightness(1.08)}
:focus-visible{outline:3px solid var(--accent);outline-offset:2px}
.actions{display:flex;flex-wrap:wrap;align-items:center;gap:.5rem 1.25rem;margin:1.5rem 0}
form .actions{margin-bottom:0}
.actions a:not(.button){padding:.6rem 0}
.code{padding-top:1rem;border-top:1px solid var(--line);color:var(--soft);font-size:.875rem}
@media (max-width:30rem){main{padding:1.5rem}.actions>*,.actions .button{width:100%;text-align:center}}
`
const sha256 = (text: string): string => `'sha256-${hash('sha256', text, 'base64')}'`
const policy = `default-src 'none'; style-src ${sha256(style)}; base-uri 'none'; frame-ancestors 'none'`

/** Renders a page that loads nothing, runs no script but its own, and must not be framed or stored. */
export function page(parts: PageParts): Respond {
  const {
    title,
    main,
    head = '',
    status = 200,
    headers = {},
    language = 'en',
    referrer = 'same-origin',
    script,
  } = parts
  const body = `<!doctype html>
<html lang="${escapeHtml(language)}" dir="${directionOf(language)}">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><meta name="referrer" content="${referrer}"><meta name="color-scheme" content="light dark">${head}<title>${escapeHtml(title)}</title><style>${style}</style></head>
<body><main>${main}</main>${script === undefined ? '' : `<script>${script}</script>`}</body>
</html>
`
  const scripts = script === undefined ? '' : `; script-src ${sha256(script)}`
  const own = { 'Content-Type': 'text/html; charset=utf-8', 'Content-Security-Policy': policy + scripts }
  return { kind: 'respond', status, headers: { ...headers, ...privateHeaders, ...own }, body }
}

type TextPage = Omit<PageParts, 'title' | 'language'> & {
  readonly title: PageTextName
  readonly text: PageTextName
}

/** Renders a page with a heading and a paragraph in the application's language, and then `main`. */
export function textPage(pages: Pages, { title, text, main, ...parts }: TextPage): Respond {
  return page({
    ...parts,
    title: pages.texts[title] ?? englishTexts[title],
    language: pages.language,
    main: `<h1>${textOf(pages, title)}</h1><p id="text">${textOf(pages, text)}</p>${main}`,
  })
}

/** One text as HTML. Where the application has not translated it, it is marked as English, for screen readers. */
export function textOf({ language, texts }: Pages, name: PageTextName): string {
  const own = texts[name]
  if (own !== undefined) return escapeHtml(own)
  const english = escapeHtml(englishTexts[name])
  return /^en\b/i.test(language) ? english : `<span lang="en" dir="ltr">${english}</span>`
}

const rightToLeftScripts: readonly (string | undefined)[] = [
  ...['Adlm', 'Arab', 'Aran', 'Hebr', 'Mand', 'Nkoo', 'Rohg', 'Samr', 'Syrc', 'Thaa'],
]

/** The direction in which a language is written, by its likely script. */
export function directionOf(language: string): 'ltr' | 'rtl' {
  return rightToLeftScripts.includes(new Intl.Locale(language).maximize().script) ? 'rtl' : 'ltr'
}

/** Escapes text for HTML, including attributes. */
export function escapeHtml(text: string): string {
  return text.replace(/[&"<>']/g, (character) => entities[character] ?? '')
}

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '"': '&quot;',
  '<': '&lt;',
  '>': '&gt;',
  "'": '&#39;',
}
