/**
 * As strict as helmet's default: forms may only post here. After the logout form, a separate page navigates to the
 * provider.
 *
 * @returns {import('express').RequestHandler}
 */
export function securityHeaders() {
  return (_req, res, next) => {
    res.set({
      'Content-Security-Policy':
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
      'Cache-Control': 'no-store',
      'Referrer-Policy': 'same-origin',
      'X-Content-Type-Options': 'nosniff',
    })
    next()
  }
}
