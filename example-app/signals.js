import { signals } from 'express-oidc'

/**
 * Takes the provider's security events. Belongs before the login middleware.
 *
 * @param {import('express-oidc').OidcMiddleware<unknown>} login
 * @param {{ issuer: string, pushAuthorization: string }} transmitter
 * @param {import('./board.js').Board} board
 */
export function receiveSignals(login, { issuer, pushAuthorization }, board) {
  return signals({
    oidc: login,
    transmitters: [
      {
        issuer,
        pushAuthorization,
        // This transmitter names sessions as the provider's ID Tokens do.
        subjects: ({ format, id }, { member }) =>
          format === 'opaque' && member === 'session' ? { sid: String(id) } : undefined,
      },
    ],
    onEvent: async ({ action, subject }) => {
      const [sub, sid] = [Object(subject?.user).sub, Object(subject?.session).id]
      if (action !== 'ended' || typeof sub !== 'string' || typeof sid !== 'string') return
      await board.tell({ subject: sub, heard: { sid, at: Date.now() } })
    },
  })
}

/**
 * `POST /report-others`: tells the transmitter that the person's other browsers were stolen. Its events end their sessions.
 *
 * @param {{ issuer: string, clientId: string, clientSecret: string, fetch: typeof fetch }} options
 * @returns {import('express').RequestHandler}
 */
export function reportOthers({ issuer, clientId, clientSecret, fetch }) {
  const credentials = Buffer.from(`${clientId}:${clientSecret}`).toString('base64')
  return async (req, res, next) => {
    const { sub, sid } = Object(req.auth?.claims)
    const response = await fetch(`${issuer}/ssf/report`, {
      method: 'POST',
      headers: { Authorization: `Basic ${credentials}` },
      body: new URLSearchParams({ sub: String(sub), sid: String(sid) }),
      signal: AbortSignal.timeout(10_000),
    })
    if (response.ok) return res.redirect(303, '/')
    next(new Error(`the transmitter answered ${response.status}`))
  }
}
