import { hash } from 'node:crypto'
import type { Respond } from '../http/outcome.js'
import { privateHeaders } from '../http/problem.js'

/** A small page of our own. Title and main are HTML: what comes from elsewhere must be escaped in them. */
export interface PageParts {
  readonly title: string
  readonly main: string
  /** Further elements of the head. */
  readonly head?: string
}

const style =
  'body{font:1rem/1.5 system-ui,sans-serif;max-width:28rem;margin:4rem auto;padding:0 1rem}button{font:inherit;padding:.4rem 1rem}'
const styleSource = `'sha256-${hash('sha256', style, 'base64')}'`
const policy = `default-src 'none'; style-src ${styleSource}; base-uri 'none'; frame-ancestors 'none'`

/** Renders a page that loads nothing, may not be framed or stored, and runs no script. */
export function page({ title, main, head = '' }: PageParts): Respond {
  const body = `<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><meta name="referrer" content="same-origin"><meta name="color-scheme" content="light dark">${head}<title>${title}</title><style>${style}</style></head>
<body><main>${main}</main></body>
</html>
`
  // With no referrer, browsers would post a form that stays here with `Origin: null` (Fetch section 3.2).
  const headers = {
    ...privateHeaders,
    'Content-Type': 'text/html; charset=utf-8',
    'Content-Security-Policy': policy,
  }
  return { kind: 'respond', status: 200, headers, body }
}

/** Text as it may stand in HTML, in attributes too. */
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
 * A page that asks whether someone wants to sign out, with one button: no script, nothing foreign.
 *
 * @param action - path that the button posts to
 * @param home - path for whoever wants to stay
 */
export function confirmationPage(action: string, home: string): Respond {
  return page({
    title: 'Sign out?',
    main: `<h1>Sign out?</h1><p>You are still signed in: your browser did not say whether you clicked a link of this site.</p><form method="post" action="${escapeHtml(action)}"><button type="submit">Sign out</button></form><p><a href="${escapeHtml(home)}">Stay signed in</a></p>`,
  })
}
