import { auth } from 'express-oauth2-jwt-bearer'

/** express-oauth2-jwt-bearer, with discovery. */
export const expressOauth2JwtBearer = {
  name: 'express-oauth2-jwt-bearer',
  kind: 'peer',
  middleware: ({ issuer, audience, key }) => auth({ issuerBaseURL: issuer, audience, tokenSigningAlg: key.alg }),
}
