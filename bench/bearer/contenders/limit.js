import { verify } from 'node:crypto'
import { publicKeyOf } from '../../issuer/keys.js'
import { scheme } from '../../issuer/tokens.js'

/** What OpenSSL itself takes: the signature only, of input that lies ready. Checks no claim, so it passes no gate. */
export const rawVerify = {
  name: 'raw crypto.verify (limit)',
  kind: 'limit',
  prepare(token) {
    const end = token.lastIndexOf('.')
    return { input: Buffer.from(token.slice(0, end)), signature: Buffer.from(token.slice(end + 1), 'base64url') }
  },
  validator({ key }) {
    const [digest, input] = scheme(key.alg, publicKeyOf(key))
    return ({ input: signed, signature }) => {
      if (!verify(digest, signed, input, signature)) throw new Error('refused')
    }
  },
}

/** The route without protection: what any middleware can be measured against. */
export const unprotected = {
  name: 'unprotected route (limit)',
  kind: 'limit',
  middleware: () => (_req, _res, next) => next(),
}
