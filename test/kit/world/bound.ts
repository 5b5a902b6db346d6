import { randomBytes } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { type DpopOptions, type Principal, bearer } from '../../../lib/index.js'
import { type Host, hosts } from '../../hosts/hosts.js'
import type { Layer } from '../../hosts/layers.js'
import type { RealProviderOptions } from '../../provider-real/provider.js'
import { json } from '../app.js'

/** The API's name at the provider. */
export const resource = 'https://api.example.com'

/** A provider that wants a nonce in each proof. */
export const strictProvider: RealProviderOptions = {
  overrides: { features: { dPoP: { enabled: true, nonceSecret: randomBytes(32), requireNonce: () => true } } },
}

/** A request as the API sees it. */
export interface ApiCall {
  readonly method: string
  readonly headers: Headers
  readonly status: number
}

/** An API behind `bearer({ dpop: 'required' })` on a port of its own. */
export interface BoundApi {
  readonly origin: string
  /** All requests, in order. */
  readonly calls: readonly ApiCall[]
  /** Access tokens that it takes no longer. */
  readonly refused: Set<string>
  /** Begins: the issuer is known only when its clients are. */
  protect(issuer: string): void
  close(): Promise<void>
}

/** Starts it; its nonces are on unless told otherwise. */
export async function startBoundApi(dpop: DpopOptions = { mode: 'required', nonce: true }): Promise<BoundApi> {
  const calls: ApiCall[] = []
  const refused = new Set<string>()
  let guard: ReturnType<typeof bearer> | undefined
  const watch: Layer = (req: IncomingMessage, res: ServerResponse, next: () => void) => {
    const headers = new Headers(Object.entries(req.headers).map(([name, value]) => [name, String(value)]))
    res.on('finish', () => calls.push({ method: req.method ?? '', headers, status: res.statusCode }))
    if (!refused.has(headers.get('authorization')?.split(' ')[1] ?? '')) return next()
    res.writeHead(401, { 'www-authenticate': 'DPoP error="invalid_token", algs="ES256"' }).end()
  }
  const [host] = hosts as readonly [Host]
  const protectedPart: Layer = {
    mount: '/api',
    handlers: [
      (req, res, next) => (guard ?? (() => next(new Error('protect() comes first'))))(req, res, next),
      (req, res) => {
        const { auth } = req as { auth?: Principal }
        res.statusCode = auth === undefined ? 401 : 200
        json(res, { scheme: auth?.scheme ?? null, subject: auth?.subject ?? null })
      },
    ],
  }
  const listening = await host.start(() => [watch, protectedPart])
  const { url: origin, close } = listening
  return {
    origin,
    calls,
    refused,
    close,
    protect: (issuer) => void (guard = bearer({ issuer, audience: resource, baseUrl: origin, dpop })),
  }
}
