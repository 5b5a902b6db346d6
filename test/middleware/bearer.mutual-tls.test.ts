import { once } from 'node:events'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { type ClientHttp2Session, connect, createSecureServer } from 'node:http2'
import { request } from 'node:https'
import type { AddressInfo } from 'node:net'
import express from 'express'
import { createServer } from 'node:https'
import { afterEach, describe, expect, test } from '@jest/globals'
import { requireAuth } from '../../lib/index.js'
import { createBearer } from '../../lib/middleware/bearer.js'
import { parseBearerOptions } from '../../lib/options/bearer/schema.js'
import { apiProvider, audience } from '../kit/provider/provider.js'
import { type Certificate, selfSigned } from '../kit/resource-server/certificate.js'

const server = selfSigned('localhost')
const authority = { name: 'Example Root', ...selfSigned('Example Root', { isAuthority: true }) }
const client = selfSigned('client', { authority })
const stranger = selfSigned('stranger', { authority })
const unknown = selfSigned('client')
const ends: (() => unknown)[] = []
afterEach(async () => {
  for (const end of ends.splice(0)) await end()
})

const tls = { cert: server.pem, key: server.keyPem, ca: authority.pem, requestCert: true, rejectUnauthorized: true }

function api(mtls: unknown = { source: 'socket', required: true }) {
  const issuer = apiProvider()
  const options = { issuer: issuer.issuer, audience, fetch: issuer.fetch, mtls }
  const middleware = createBearer(parseBearerOptions(options), issuer.clock)
  ends.push(() => middleware.close())
  return {
    middleware,
    bound: issuer.accessToken({ cnf: { 'x5t#S256': client.thumbprint } }),
    plain: issuer.accessToken(),
  }
}

interface Listening {
  listen(port: number, host: string, ready: () => void): unknown
  address(): AddressInfo | string | null
  close(): unknown
}

async function portOf(listening: Listening): Promise<number> {
  await new Promise<void>((resolve) => void listening.listen(0, '127.0.0.1', resolve))
  ends.push(() => listening.close())
  return (listening.address() as AddressInfo).port
}

const pairOf = (certificate: Certificate | undefined) =>
  certificate === undefined ? {} : { cert: certificate.pem, key: certificate.keyPem }

interface Call {
  readonly token: string
  readonly certificate?: Certificate | undefined
  /** An earlier TLS session, which is resumed. */
  readonly session?: Buffer | undefined
}

/** Sends one request over a connection of its own. */
async function call(port: number, { token, certificate, session }: Call) {
  const sent = request({
    ...{ host: '127.0.0.1', servername: 'localhost', port, agent: false, ca: server.pem, session },
    ...pairOf(certificate),
    headers: { authorization: `Bearer ${token}` },
  })
  const sessions: Buffer[] = []
  let isReused = false
  sent.on('socket', (socket) => {
    socket.on('session', (made: Buffer) => sessions.push(made))
    socket.on('secureConnect', () => {
      isReused = 'isSessionReused' in socket && (socket as unknown as { isSessionReused(): boolean }).isSessionReused()
    })
  })
  sent.end()
  const [response] = (await once(sent, 'response')) as [IncomingMessage]
  response.resume()
  await once(response, 'end')
  return { status: response.statusCode, challenge: response.headers['www-authenticate'], sessions, isReused }
}

async function startExpress(mtls?: unknown) {
  const { middleware, ...tokens } = api(mtls)
  const app = express()
  app.get('/', middleware, requireAuth(), (req, res) => void res.json({ subject: req.auth?.subject }))
  return { ...tokens, port: await portOf(createServer(tls, app)) }
}

describe('MT01: bearer() on a TLS socket of its own', () => {
  test('takes a bound token over the connection with its certificate, and over no other', async () => {
    const { port, bound } = await startExpress()
    expect((await call(port, { token: bound, certificate: client })).status).toBe(200)
    const stolen = await call(port, { token: bound, certificate: stranger })
    expect([stolen.status, stolen.challenge]).toEqual([401, expect.stringContaining('error="invalid_token"')])
  })

  test('takes no token that is not bound, where bound ones are required', async () => {
    const { port, plain } = await startExpress()
    expect((await call(port, { token: plain, certificate: client })).status).toBe(401)
  })

  test('never sees clients without a certificate, or with one of nobody: the handshake fails', async () => {
    const { port, bound } = await startExpress()
    for (const certificate of [undefined, unknown]) {
      await expect(call(port, { token: bound, certificate })).rejects.toMatchObject({
        code: expect.stringMatching(/^(?:ERR_SSL_|ECONNRESET|EPIPE)/),
      })
    }
  })

  test.each(['TLSv1.2', 'TLSv1.3'] as const)(
    'knows the certificate of a session that is resumed, by %s',
    async (version) => {
      const { middleware, bound } = api()
      const https = createServer({ ...tls, minVersion: version, maxVersion: version }, (req, res) => {
        middleware(req, res, (error?: unknown) => void res.writeHead(error === undefined ? 200 : 500).end())
      })
      const port = await portOf(https)
      const first = await call(port, { token: bound, certificate: client })
      const session = first.sessions.at(-1)
      expect([first.status, session]).toEqual([200, expect.anything()])
      const again = await call(port, { token: bound, certificate: client, session })
      expect([again.status, again.isReused]).toEqual([200, true])
    },
  )

  test('knows the certificate of an HTTP/2 connection', async () => {
    const { middleware, bound } = api()
    const http2 = createSecureServer(tls, (req, res) => {
      // HTTP/2's own classes have all that is used here.
      const pair: unknown = [req, res]
      const [incoming, answer] = pair as [IncomingMessage, ServerResponse]
      middleware(incoming, answer, (error?: unknown) => void answer.writeHead(error === undefined ? 200 : 500).end())
    })
    const sessions = new Set<{ destroy(): void }>()
    http2.on('session', (session) => sessions.add(session))
    const port = await portOf(http2)
    const statusOf = async (certificate: Certificate) => {
      const options = { ca: server.pem, servername: 'localhost', ...pairOf(certificate) }
      const session: ClientHttp2Session = connect(`https://127.0.0.1:${port}`, options)
      const stream = session.request({ ':path': '/', authorization: `Bearer ${bound}` })
      const [headers] = (await once(stream, 'response')) as [Record<string, unknown>]
      stream.resume()
      session.destroy()
      return headers[':status']
    }
    expect([await statusOf(client), await statusOf(stranger)]).toEqual([200, 401])
    for (const session of sessions) session.destroy()
  })
})
