import type { Respond } from '../http/outcome.js'
import { escapeHtml, page } from '../http/page.js'
import type { Person } from '../testing/options.js'

/** Asks who signs in. */
export function chooseUserPage(people: readonly Person[], request: URLSearchParams): Respond {
  const buttons = people.map(({ name, claims }) => button('user', name, `<b>${escapeHtml(name)}</b>${about(claims)}`))
  const named = (parameter: string): string => `<b>${escapeHtml(request.get(parameter) ?? '')}</b>`
  const scope = request.has('scope') ? ` asks for ${named('scope')}` : ' has sent you here'
  return providerPage(
    'Who signs in?',
    `<p id="text">The application ${named('client_id')}${scope}.</p>
<form method="post" action="/authorize">
<input type="hidden" name="request" value="${escapeHtml(request.toString())}">
<ul aria-label="People">${buttons.join('')}</ul>
<ul aria-label="Or">${button('cancel', '1', 'Cancel')}</ul>
</form>`,
  )
}

function button(name: string, value: string, content: string): string {
  return `<li><button name="${name}" value="${escapeHtml(value)}">${content}</button></li>`
}

function about({ sub: _, ...claims }: Person['claims']): string {
  const shown = Object.entries(claims).map(
    ([name, value]) => `${name}: ${typeof value === 'string' ? value : JSON.stringify(value)}`,
  )
  return shown.length === 0 ? '' : `<small>${escapeHtml(shown.join(', '))}</small>`
}

/** Sends an authorization response by a posted form. */
export function postPage(redirectUri: string, parameters: URLSearchParams): Respond {
  const fields = [...parameters].map(
    ([name, value]) => `<input type="hidden" name="${escapeHtml(name)}" value="${escapeHtml(value)}">`,
  )
  const form = `<form method="post" action="${escapeHtml(redirectUri)}">${fields.join('')}<p class="actions"><button>Go on</button></p></form>`
  return providerPage('Back to the application', form, { script: 'document.forms[0].submit()' })
}

/** Says that a logout has ended here. */
export function signedOutPage(): Respond {
  return providerPage('You are signed out', '<p>You can close this window.</p>')
}

/** Says what is wrong. */
export function errorPage(message: string, status: number): Respond {
  return providerPage('This does not work', `<p>${escapeHtml(message)}</p>`, { status })
}

function providerPage(title: string, body: string, more: { status?: number; script?: string } = {}): Respond {
  const note = '<p class="code">A provider for development: nobody proves who they are here.</p>'
  return page({ title, main: `<h1>${title}</h1>${body}${note}`, ...more })
}
