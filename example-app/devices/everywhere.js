/**
 * `POST /sign-out-everywhere`: asks the provider, server to server, to end all sessions of the person. It tells every
 * application, this one too: that is what ends the sessions here.
 *
 * @param {{ issuer: string, clientId: string, clientSecret: string, fetch: typeof globalThis.fetch }} options
 * @returns {import('express').RequestHandler}
 */
export function signOutEverywhere({ issuer, clientId, clientSecret, fetch }) {
  const credentials = Buffer.from(`${clientId}:${clientSecret}`).toString('base64')
  return async (req, res, next) => {
    const response = await fetch(`${issuer}/sign-out-everywhere`, {
      method: 'POST',
      headers: { Authorization: `Basic ${credentials}` },
      body: new URLSearchParams({ sub: req.oidc?.user?.sub ?? '' }),
      signal: AbortSignal.timeout(10_000),
    })
    if (response.ok) return res.redirect(303, '/?ended=everywhere')
    next(new Error(`the provider answered ${response.status}`))
  }
}
