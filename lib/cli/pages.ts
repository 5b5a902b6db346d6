import { hash } from 'node:crypto'
import type { Person } from '../testing/options.js'

/** A page, and the policy that it is shown under. */
export interface Page {
  readonly status: number
  readonly html: string
  /** `Content-Security-Policy`. */
  readonly policy: string
}

const style = `
:root { color-scheme: light dark; font: 100%/1.5 system-ui, sans-serif }
body { max-width: 30rem; margin: 10vh auto; padding: 0 1rem }
h1 { font-size: 1.5rem }
button { display: block; width: 100%; margin: 0 0 .75rem; padding: .75rem 1rem; font: inherit; text-align: start; cursor: pointer }
button small { display: block }`
const goOn = 'document.forms[0].submit()'

const sha256 = (text: string): string => `'sha256-${hash('sha256', text, 'base64')}'`
const policy = `default-src 'none'; style-src ${sha256(style)}; script-src ${sha256(goOn)}; base-uri 'none'; frame-ancestors 'none'`

/** Asks who signs in. */
export function chooseUserPage(people: readonly Person[], request: URLSearchParams): Page {
  const buttons = people.map(({ name, claims }) => {
    const { sub: _, ...others } = claims
    const about = Object.keys(others).length === 0 ? '' : ` <small>${escaped(JSON.stringify(others))}</small>`
    return `<button name="user" value="${escaped(name)}">${escaped(name)}${about}</button>`
  })
  const client = escaped(request.get('client_id') ?? '')
  return page(
    'Who signs in?',
    `<p>The application <b>${client}</b> asks for <b>${escaped(request.get('scope') ?? '')}</b>.</p>
<form method="post" action="/authorize">
<input type="hidden" name="request" value="${escaped(request.toString())}">
${buttons.join('\n')}
<button name="cancel" value="1">Cancel</button>
</form>`,
  )
}

/** Sends an authorization response by a posted form. */
export function postPage(redirectUri: string, parameters: URLSearchParams): Page {
  const fields = [...parameters].map(
    ([name, value]) => `<input type="hidden" name="${escaped(name)}" value="${escaped(value)}">`,
  )
  const form = `<form method="post" action="${escaped(redirectUri)}">${fields.join('')}<button>Continue</button></form>`
  return page('Back to the application', `${form}<script>${goOn}</script>`)
}

/** Says that a logout has ended here. */
export function signedOutPage(): Page {
  return page('You are signed out', '<p>You can close this window.</p>')
}

/** Says what is wrong. */
export function errorPage(message: string, status: number): Page {
  return page('This does not work', `<p>${escaped(message)}</p>`, status)
}

function page(title: string, body: string, status = 200): Page {
  const html = `<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>${title}</title><style>${style}</style></head>
<body><main><h1>${title}</h1>
${body}
<p><small>A provider for development: nobody proves who they are here.</small></p></main></body>
</html>`
  return { status, html, policy }
}

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
}

function escaped(text: string): string {
  return text.replaceAll(/[&<>"']/g, (character) => entities[character] ?? '')
}
