import { render } from '../web/render.js'

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
 * What a provider's pages call themselves, and how they look.
 *
 * @typedef {{ issuer: string, name: string, look: string }} Site
 */

/**
 * Asks whether the person wants to leave the provider too (OpenID Connect RP-Initiated Logout 1.0 section 2).
 *
 * @param {Site} site
 * @param {readonly Record<string, unknown>[]} clients
 * @returns {(ctx: ProviderContext, form: string) => void}
 */
export function askToSignOut(site, clients) {
  const headers = pageHeaders(clients)
  return (ctx, form) => {
    show(ctx, headers, 'provider/logout', { site, form, account: ctx.oidc.session.accountId })
  }
}

/**
 * @param {Site} site
 * @returns {(ctx: ProviderContext) => void}
 */
export function showSignedOut(site) {
  return (ctx) => {
    const text = 'The provider has forgotten you.'
    show(ctx, pageHeaders([]), 'provider/message', { site, title: 'You are signed out', text })
  }
}

/**
 * @param {Site} site
 * @returns {(ctx: ProviderContext, out: { error: string, error_description?: string }) => void}
 */
export function showError(site) {
  return (ctx, out) => {
    const text = `${out.error}: ${out.error_description ?? 'no description'}`
    show(ctx, pageHeaders([]), 'provider/message', { site, title: 'The provider cannot answer this request', text })
  }
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
