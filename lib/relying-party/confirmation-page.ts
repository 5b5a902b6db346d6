import type { Respond } from '../http/outcome.js'
import { privateHeaders } from '../http/problem.js'

/** A page with one button that posts to a path of this application: no script, nothing foreign. */
export function confirmationPage(action: string): Respond {
  // Under no-referrer a form is posted with `Origin: null` (Fetch section 3.2), all that browsers without Sec-Fetch-Site say.
  const body = `<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><meta name="referrer" content="same-origin"><meta name="color-scheme" content="light dark"><title>Sign out?</title></head>
<body><main><h1>Sign out?</h1><form method="post" action="${escapeAttribute(action)}"><button type="submit">Sign out</button></form></main></body>
</html>
`
  const headers = { ...privateHeaders, 'Content-Type': 'text/html; charset=utf-8' }
  return { kind: 'respond', status: 200, headers, body }
}

function escapeAttribute(text: string): string {
  return text.replace(/[&"<>']/g, (character) => `&#${character.charCodeAt(0)};`)
}
