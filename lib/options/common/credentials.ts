import { X509Certificate } from 'node:crypto'
import * as v from 'valibot'
import {
  type GivenCredentials,
  type MethodUser,
  methodChoice,
  missingCredential,
  missingCredentialMessage,
} from './client-authentication.js'
import { text } from './fields.js'
import { jwk } from './private-key.js'

const lookup = v.custom<() => unknown>((value) => typeof value === 'function')

const certificate = v.pipe(
  text('a certificate as PEM'),
  v.check(isCertificate, 'must be a certificate as PEM, which begins with -----BEGIN CERTIFICATE-----'),
)

function isCertificate(pem: string): boolean {
  try {
    return new X509Certificate(pem).raw.length > 0
  } catch {
    return false
  }
}

const assertionKey = v.union([text('a key'), jwk], 'must be a PKCS#8 PEM or a private JWK')

/**
 * The options with which a client proves who it is.
 *
 * @param whose - says whose client ID it is, such as "this application's client ID"
 */
export function credentialEntries<User extends MethodUser>(user: User, whose: string) {
  return {
    clientId: text(whose),
    clientSecret: v.optional(v.union([text('the client secret'), lookup], 'must be a non-empty string or a function')),
    clientAuthentication: v.optional(v.picklist(...methodChoice(user))),
    clientAssertionKey: v.optional(assertionKey),
    clientAssertionAlg: v.optional(text('a JWS algorithm')),
    clientAssertionKid: v.optional(text('the ID of the key')),
    clientAssertionCertificate: v.optional(certificate),
    clientAssertionAudience: v.optional(text("'issuer', 'token_endpoint', or the audience")),
  }
}

/** The rule that the credential for the chosen method is given. */
export function needsCredential<Options extends GivenCredentials>() {
  return v.check<Options, (issue: v.CheckIssue<Options>) => string>(
    (options) => missingCredential(options) === undefined,
    ({ input }) => missingCredentialMessage(input),
  )
}
