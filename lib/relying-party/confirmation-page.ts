import { createHash } from 'node:crypto'
import type { Respond } from '../http/outcome.js'
import { privateHeaders } from '../http/problem.js'

const style =
  'body{font:1rem/1.5 system-ui,sans-serif;max-width:28rem;margin:4rem auto;padding:0 1rem}button{font:inherit;padding:.4rem 1rem}'
const styleHash = createHash('sha256').update(style).digest('base64')

const headers = {
  ...privateHeaders,
  'Content-Type': 'text/html; charset=utf-8',
  'Content-Security-Policy': `default-src 'none'; style-src 'sha256-${styleHash}'; base-uri 'none'; frame-ancestors 'none'`,
}

/**
 * A page that asks whether someone wants to sign out, with one button: no script, nothing foreign.
 *
 * @param action - path that the button posts to
 * @param home - path for whoever wants to stay
 */
export function confirmationPage(action: string, home: string): Respond {
  // Under no-referrer a form is posted with `Origin: null` (Fetch section 3.2), all that browsers without Sec-Fetch-Site say.
  const body = `<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><meta name="referrer" content="same-origin"><meta name="color-scheme" content="light dark"><title>Sign out?</title><style>${style}</style></head>
<body><main><h1>Sign out?</h1><p>Nothing has happened yet: your browser did not say whether this was your own click.</p><form method="post" action="${escapeAttribute(action)}"><button type="submit">Sign out</button></form><p><a href="${escapeAttribute(home)}">Stay signed in</a></p></main></body>
</html>
`
  return { kind: 'respond', status: 200, headers, body }
}

function escapeAttribute(text: string): string {
  return text.replace(/[&"<>']/g, (character) => `&#${character.charCodeAt(0)};`)
}
