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
 * Makes what tells the transmitter that a person's other browsers were stolen. Its events end their sessions.
 *
 * @param {{ issuer: string, clientId: string, clientSecret: string, fetch: typeof globalThis.fetch }} options
 * @returns {(person: { sub: string, sid: string }) => Promise<void>}
 */
export function reportOthers({ issuer, clientId, clientSecret, fetch }) {
  const credentials = Buffer.from(`${clientId}:${clientSecret}`).toString('base64')
  return async ({ sub, sid }) => {
    const response = await fetch(`${issuer}/ssf/report`, {
      method: 'POST',
      headers: { Authorization: `Basic ${credentials}` },
      body: new URLSearchParams({ sub, sid }),
      signal: AbortSignal.timeout(10_000),
    })
    if (!response.ok) throw new Error(`the transmitter answered ${response.status}`)
  }
}
