import { render } from './render.js'

/**
 * The headers of every page of the provider. Chromium applies `form-action` to the redirects after a form too, so the
 * addresses of the applications have to be in it.
 *
 * @param {readonly Record<string, unknown>[]} clients
 * @returns {Record<string, string>}
 */
export function pageHeaders(clients) {
  const origins = clients
    .flatMap((client) => [client.redirect_uris, client.post_logout_redirect_uris])
    .flatMap((uris) => (Array.isArray(uris) ? uris : []))
    .map((uri) => new URL(String(uri)).origin)
  const formTargets = ["'self'", ...new Set(origins)].join(' ')
  return {
    'Content-Security-Policy': `default-src 'none'; style-src 'self'; img-src 'self' data:; form-action ${formTargets}; base-uri 'none'; frame-ancestors 'none'`,
    'Cache-Control': 'no-store',
    'Referrer-Policy': 'same-origin',
    'X-Content-Type-Options': 'nosniff',
  }
}

/** @typedef {import('oidc-provider/lib/provider.js').ProviderContext} ProviderContext */

/**
 * Asks whether the person wants to leave the provider too (OpenID Connect RP-Initiated Logout 1.0 section 2).
 *
 * @param {string} issuer
 * @param {readonly Record<string, unknown>[]} clients
 * @returns {(ctx: ProviderContext, form: string) => void}
 */
export function askToSignOut(issuer, clients) {
  const headers = pageHeaders(clients)
  return (ctx, form) => {
    show(ctx, headers, 'provider-logout', { issuer, form, account: ctx.oidc.session.accountId })
  }
}

/** @param {ProviderContext} ctx */
export function showSignedOut(ctx) {
  show(ctx, pageHeaders([]), 'provider-message', {
    issuer: ctx.oidc.provider.issuer,
    title: 'You are signed out',
    text: 'The provider has forgotten you.',
  })
}

/**
 * @param {ProviderContext} ctx
 * @param {{ error: string, error_description?: string }} out
 */
export function showError(ctx, out) {
  show(ctx, pageHeaders([]), 'provider-message', {
    issuer: ctx.oidc.provider.issuer,
    title: 'The provider cannot answer this request',
    text: `${out.error}: ${out.error_description ?? 'no description'}`,
  })
}

/**
 * @param {ProviderContext} ctx
 * @param {Record<string, string>} headers
 * @param {string} view
 * @param {Record<string, unknown>} data
 */
function show(ctx, headers, view, data) {
  for (const [name, value] of Object.entries(headers)) ctx.set(name, value)
  ctx.type = 'html'
  ctx.body = render(view, data)
}
