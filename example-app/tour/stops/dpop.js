import { boundTokenTries } from '../bound-token.js'

/** @type {import('../types.js').Stop} */
export const dpopStop = {
  id: 'dpop',
  title: 'Tokens that are bound to a key (DPoP)',
  shows:
    'Each call proves that the caller has the key that the token was issued for. Who only has the token gets nothing for it.',
  button: 'Call with the key, and without',
  code: `const service = clientCredentials({
  issuer, clientId, clientSecret,
  dpop: { privateKey },
  allowedOrigins: ['https://api.example.com'],
})

api.use(bearer({
  issuer, audience, baseUrl, dpop: 'required',
}))`,
  guide: { page: 'bearer.md#proof-of-possession-dpop-and-mtls', title: 'Proof of possession: DPoP and mTLS' },
  ownProvider: true,
  run: async (_req, tour) => ({ lines: await boundTokenTries(tour) }),
}
