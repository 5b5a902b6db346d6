import { expressjwt } from 'express-jwt'
import jwksRsa from 'jwks-rsa'

/** express-jwt with the keys of jwks-rsa, as both document it. */
export const expressJwt = {
  name: 'express-jwt + jwks-rsa',
  kind: 'peer',
  supports: (alg) => alg !== 'EdDSA',
  middleware: ({ issuer, audience, jwksUri, key }) =>
    expressjwt({
      secret: jwksRsa.expressJwtSecret({ jwksUri, cache: true, rateLimit: true }),
      issuer,
      audience,
      algorithms: [key.alg],
    }),
}
