import { hash } from 'node:crypto'
import type { Respond } from '../http/outcome.js'
import { privateHeaders } from '../http/problem.js'

/** A small page. Title and main are HTML, so anything from outside must be escaped. */
interface PageParts {
  readonly title: string
  readonly main: string
  /** Additional elements for the head. */
  readonly head?: string
}

const style =
  'body{font:1rem/1.5 system-ui,sans-serif;max-width:28rem;margin:4rem auto;padding:0 1rem}button{font:inherit;padding:.4rem 1rem}'
const styleSource = `'sha256-${hash('sha256', style, 'base64')}'`
const policy = `default-src 'none'; style-src ${styleSource}; base-uri 'none'; frame-ancestors 'none'`

/** Renders a page that loads nothing, runs no script, and must not be framed or stored. */
export function page({ title, main, head = '' }: PageParts): Respond {
  const body = `<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><meta name="referrer" content="same-origin"><meta name="color-scheme" content="light dark">${head}<title>${title}</title><style>${style}</style></head>
<body><main>${main}</main></body>
</html>
`
  // Not `no-referrer`: browsers would then send `Origin: null` with a form on this site (Fetch section 3.2).
  const headers = {
    ...privateHeaders,
    'Content-Type': 'text/html; charset=utf-8',
    'Content-Security-Policy': policy,
  }
  return { kind: 'respond', status: 200, headers, body }
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

/**
 * Renders a page with a button that confirms a logout.
 *
 * @param action - path that the button posts to
 * @param home - path for the link that cancels
 */
export function confirmationPage(action: string, home: string): Respond {
  return page({
    title: 'Sign out?',
    main: `<h1>Sign out?</h1><p>You are still signed in: your browser did not say whether you clicked a link of this site.</p><form method="post" action="${escapeHtml(action)}"><button type="submit">Sign out</button></form><p><a href="${escapeHtml(home)}">Stay signed in</a></p>`,
  })
}
