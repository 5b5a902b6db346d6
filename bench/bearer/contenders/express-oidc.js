import { ours } from '../../harness/library.js'

const options = ({ issuer, audience, key }) => ({ issuer, audience, algorithms: [key.alg] })
const url = 'https://api.example.com/api/orders'

function contender(name, more) {
  return {
    name,
    kind: 'ours',
    prepare: (token) => `Bearer ${token}`,
    async validator(trust) {
      const { createBearerValidator } = await ours()
      const validator = createBearerValidator({ ...options(trust), ...more })
      return (authorization) => validator.validate(authorization, { method: 'GET', url })
    },
    async middleware(trust) {
      const { bearer } = await ours()
      return bearer({ ...options(trust), ...more })
    },
  }
}

/** express-oidc as it is by default: discovery, and a cache of verified tokens. */
export const expressOidc = { ...contender('express-oidc', {}), caches: true }

/** The same with a guard behind it. */
export const expressOidcGuarded = {
  ...expressOidc,
  name: 'express-oidc + requireAuth(scope())',
  isForHttp: true,
  async guard() {
    const { requireAuth, scope } = await ours()
    return requireAuth(scope('orders:read'))
  },
}

/** What a second layer of Express takes by itself: the wall for any guard. */
export const expressOidcSecondLayer = {
  ...expressOidc,
  name: 'express-oidc + a layer that does nothing (limit)',
  kind: 'limit',
  isForHttp: true,
  guard: () => (_req, _res, next) => next(),
}

/** The same with the cache of verified tokens switched off. */
export const expressOidcNoCache = contender('express-oidc, cache: false', { cache: false })
