import { hash } from 'node:crypto'
import type { Respond } from '../http/outcome.js'
import { privateHeaders } from '../http/problem.js'

/** A small page of our own. Title and main are HTML: what comes from elsewhere must be escaped in them. */
export interface PageParts {
  readonly title: string
  readonly main: string
  /** Further elements of the head. */
  readonly head?: string
  /** The only script that may run. */
  readonly script?: string
  /** Where forms may lead, redirects included, as sources of `form-action`. @default anywhere */
  readonly formAction?: readonly string[]
  /** @default `same-origin`, by which a form that stays here is posted with `Origin` (Fetch section 3.2) */
  readonly referrer?: 'same-origin' | 'strict-origin'
}

const style =
  'body{font:1rem/1.5 system-ui,sans-serif;max-width:28rem;margin:4rem auto;padding:0 1rem}button{font:inherit;padding:.4rem 1rem}'
const styleSource = sourceOf(style)

/** Renders a page that loads nothing, may not be framed or stored, and runs no script but its own. */
export function page({ title, main, head = '', script, formAction, referrer = 'same-origin' }: PageParts): Respond {
  const policy = [
    "default-src 'none'",
    `style-src ${styleSource}`,
    "base-uri 'none'",
    "frame-ancestors 'none'",
    ...(script === undefined ? [] : [`script-src ${sourceOf(script)}`]),
    ...(formAction === undefined ? [] : [`form-action ${formAction.join(' ')}`]),
  ]
  const body = `<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><meta name="referrer" content="${referrer}"><meta name="color-scheme" content="light dark">${head}<title>${title}</title><style>${style}</style></head>
<body><main>${main}</main>${script === undefined ? '' : `<script>${script}</script>`}</body>
</html>
`
  const headers = {
    ...privateHeaders,
    'Content-Type': 'text/html; charset=utf-8',
    'Content-Security-Policy': policy.join('; '),
  }
  return { kind: 'respond', status: 200, headers, body }
}

/** Text as it may stand in HTML, in attributes too. */
export function escapeHtml(text: string): string {
  return text.replace(/[&"<>']/g, (character) => `&#${character.charCodeAt(0)};`)
}

function sourceOf(code: string): string {
  return `'sha256-${hash('sha256', code, 'base64')}'`
}
