import { createVerifier } from 'fast-jwt'
import buildGetJwks from 'get-jwks'

const expectations = ({ issuer, audience, key }) => ({
  allowedIss: issuer,
  allowedAud: audience,
  algorithms: [key.alg],
})

/** fast-jwt with one key that never changes. */
export const fastJwt = {
  name: 'fast-jwt, static key',
  kind: 'peer',
  validator: (trust) => createVerifier({ ...expectations(trust), key: trust.key.publicPem }),
}

/** The same with its cache, as large as ours. */
export const fastJwtCache = {
  name: 'fast-jwt, static key, cache',
  kind: 'peer',
  caches: true,
  validator: (trust) => createVerifier({ ...expectations(trust), key: trust.key.publicPem, cache: 5000 }),
}

/** As get-jwks documents it, with the issuer's published keys. */
export const fastJwtGetJwks = {
  name: 'fast-jwt + get-jwks',
  kind: 'peer',
  supports: (alg) => alg !== 'EdDSA',
  validator(trust) {
    const getJwks = buildGetJwks({ issuersWhitelist: [trust.issuer] })
    const key = ({ header: { kid, alg } }) => getJwks.getPublicKey({ kid, alg, domain: trust.issuer })
    return createVerifier({ ...expectations(trust), key })
  },
}

/** The same with the cache of tokens; in process it is what the static key is. */
export const fastJwtGetJwksCache = {
  name: 'fast-jwt + get-jwks, cache',
  kind: 'peer',
  isForHttp: true,
  caches: true,
  supports: (alg) => alg !== 'EdDSA',
  validator(trust) {
    const getJwks = buildGetJwks({ issuersWhitelist: [trust.issuer] })
    const key = ({ header: { kid, alg } }) => getJwks.getPublicKey({ kid, alg, domain: trust.issuer })
    return createVerifier({ ...expectations(trust), key, cache: 5000 })
  },
}
