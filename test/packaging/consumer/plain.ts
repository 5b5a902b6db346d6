// Compiled by tsc in a project that has no types of Express.
import { type OidcOptions, bearer, oidc, requireAuth } from 'express-oidc'
import { redisReplayCache, type RedisClient } from 'express-oidc/redis'

const options: OidcOptions = {
  issuer: 'https://issuer.example.com',
  clientId: 'web',
  baseUrl: 'https://app.example.com',
  secret: '0123456789abcdef0123456789abcdef',
  onLogin: ({ claims }, req) => ({ data: { subject: claims.sub, url: req.url } }),
  onError: (error, { res, retryUrl }) => {
    res.statusCode = error.status
    res.end(retryUrl)
  },
}
export const login = oidc(options)
export const guard = requireAuth((principal, req) => principal.subject === req.url)
export const api = (client: RedisClient) =>
  bearer({
    issuer: 'https://issuer.example.com',
    audience: null,
    dpop: { mode: 'required', replayCache: redisReplayCache(client) },
    onError: (error, { res }) => void res.writeHead(error.status).end(),
  })
// @ts-expect-error Node's response has no such method.
oidc({ ...options, onError: (error, { res }) => void res.status(error.status) })
