import { X509Certificate } from 'node:crypto'
import * as v from 'valibot'
import {
  type GivenCredentials,
  type MethodUser,
  assertionTypes,
  methodChoice,
  missingCredential,
} from './client-authentication.js'
import { text } from './fields.js'
import { section } from './parse.js'
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

const assertion = v.lazy((given) =>
  typeof given === 'function' ? lookup : section({ file: text('the path of a file with an assertion') }),
)

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
    clientAssertion: v.optional(assertion),
    clientAssertionType: v.optional(v.picklist(assertionTypes, `must be ${assertionTypes.join(' or ')}`)),
  }
}

/** The rule that the credential for the chosen method is given, and that credentials do not contradict each other. */
export function needsCredential<Options extends CredentialChoice>() {
  return v.check<Options, (issue: v.CheckIssue<Options>) => string>(
    (options) => credentialFlaw(options) === undefined,
    ({ input }) => credentialFlaw(input) ?? '',
  )
}

const signedHere = [
  'clientAssertionAlg',
  'clientAssertionKid',
  'clientAssertionCertificate',
  'clientAssertionAudience',
] as const

interface CredentialChoice extends GivenCredentials, Partial<Readonly<Record<(typeof signedHere)[number], unknown>>> {
  readonly clientAssertionType?: unknown
}

function credentialFlaw(given: CredentialChoice): string | undefined {
  const missing = missingCredential(given)
  if (missing !== undefined) return `must give ${missing} for ${given.clientAuthentication}`
  if (given.clientAssertion !== undefined) return assertionFlaw(given)
  return given.clientAssertionType === undefined ? undefined : 'must give "clientAssertion" for "clientAssertionType"'
}

function assertionFlaw(given: CredentialChoice): string | undefined {
  const { clientAuthentication: method = 'private_key_jwt' } = given
  if (given.clientAssertionKey !== undefined) {
    return 'must have at most one of "clientAssertion" and "clientAssertionKey"'
  }
  const unused = signedHere.find((name) => given[name] !== undefined)
  if (unused !== undefined) {
    return `must not have "${unused}" with "clientAssertion": it is for assertions that are signed here`
  }
  if (method !== 'private_key_jwt') return `must not have "clientAssertion" with ${method}: it is for private_key_jwt`
  if (given.clientSecret === undefined || given.clientAuthentication !== undefined) return undefined
  return 'must give "clientAuthentication" where both "clientSecret" and "clientAssertion" could authenticate the client'
}
