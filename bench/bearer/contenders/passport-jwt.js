import jwksRsa from 'jwks-rsa'
import passport from 'passport'
import { ExtractJwt, Strategy } from 'passport-jwt'

/** passport-jwt with the keys of jwks-rsa, as both document it. */
export const passportJwt = {
  name: 'passport-jwt + jwks-rsa',
  kind: 'peer',
  supports: (alg) => alg !== 'EdDSA',
  middleware({ issuer, audience, jwksUri, key }) {
    const options = {
      secretOrKeyProvider: jwksRsa.passportJwtSecret({ jwksUri, cache: true, rateLimit: true }),
      jwtFromRequest: ExtractJwt.fromAuthHeaderAsBearerToken(),
      issuer,
      audience,
      algorithms: [key.alg],
    }
    const own = new passport.Passport()
    own.use(new Strategy(options, (claims, done) => done(null, claims)))
    return own.authenticate('jwt', { session: false })
  },
}
