import type { KeyObject, webcrypto } from 'node:crypto'
import { types } from 'node:util'
import * as v from 'valibot'
import {
  type ClientAuthenticationMethod,
  type ClientKeyOption,
  type GivenCredentials,
  type MethodUser,
  assertionTypes,
  isMutualTls,
  methodChoice,
  missingCredential,
} from './client-authentication.js'
import { callback, text } from './fields.js'
import { hasNoFlaw, section } from './parse.js'
import { jwk } from './private-key.js'
import { certificate, tls } from './tls.js'

const assertionKey = v.union([text('a key'), jwk], 'must be a PKCS#8 PEM or a private JWK')

const whatKey = 'must be a key: PEM, JWK, KeyObject or CryptoKey'
const anyKey = v.union(
  [
    v.pipe(v.string(), v.includes('-----BEGIN', whatKey)),
    v.custom<KeyObject | webcrypto.CryptoKey>((value) => types.isKeyObject(value) || types.isCryptoKey(value)),
    jwk,
  ],
  whatKey,
)

const ofEveryKey = { kid: v.optional(text('the ID of the key')), certificate: v.optional(certificate) }
const localKey = section({ privateKey: anyKey, alg: v.optional(text('a JWS algorithm')), ...ofEveryKey })
const remoteKey = section({
  sign: v.custom<Extract<ClientKeyOption, { sign: unknown }>['sign']>(
    (value) => typeof value === 'function',
    'must be a function that signs',
  ),
  alg: text('a JWS algorithm'),
  publicKey: anyKey,
  ...ofEveryKey,
})
const clientKey = v.lazy((given) =>
  typeof given === 'object' && given !== null && 'sign' in given ? remoteKey : localKey,
)

const clientKeys = v.optional(section({ current: clientKey, next: v.optional(clientKey), old: v.optional(clientKey) }))

/** The option `clientKeys`, checked. What is wrong with a key itself is found out where it is imported. */
export type ClientKeysConfiguration = NonNullable<v.InferOutput<typeof clientKeys>>

const assertionFile = section({ file: text('the path of a file with an assertion') })
const assertion = v.lazy((given) => {
  if (typeof given === 'function') return callback
  return typeof given === 'object'
    ? assertionFile
    : v.never('must be a function that returns an assertion, or { file }')
})

/**
 * The options with which a client proves who it is.
 *
 * @param whose - says whose client ID it is, such as "this application's client ID"
 */
export function credentialEntries<User extends MethodUser>(user: User, whose: string) {
  return {
    clientId: text(whose),
    clientSecret: v.optional(
      v.union([text('the client secret'), callback], 'must be a non-empty string or a function'),
    ),
    clientAuthentication: v.optional(v.picklist(...methodChoice(user))),
    clientAssertionKey: v.optional(assertionKey),
    clientKeys,
    clientAssertionAlg: v.optional(text('a JWS algorithm')),
    clientAssertionKid: v.optional(text('the ID of the key')),
    clientAssertionCertificate: v.optional(certificate),
    clientAssertionAudience: v.optional(text("'issuer', 'token_endpoint', or the audience")),
    clientAssertion: v.optional(assertion),
    clientAssertionType: v.optional(v.picklist(assertionTypes, `must be ${assertionTypes.join(' or ')}`)),
    tls,
  }
}

/** The rule that the credential for the chosen method is given, and that credentials do not contradict each other. */
export function needsCredential<Options extends CredentialChoice>() {
  return hasNoFlaw<Options>(credentialFlaw)
}

const ofKey = ['clientAssertionAlg', 'clientAssertionKid', 'clientAssertionCertificate'] as const
const signedHere = [...ofKey, 'clientAssertionAudience'] as const

interface CredentialChoice extends GivenCredentials, Partial<Readonly<Record<(typeof signedHere)[number], unknown>>> {
  readonly clientAssertionType?: unknown
}

function credentialFlaw(given: CredentialChoice): string | undefined {
  const missing = missingCredential(given)
  if (missing !== undefined) return `must give ${missing} for ${given.clientAuthentication}`
  if (given.clientKeys !== undefined) {
    const other = (['clientAssertionKey', 'clientAssertion', ...ofKey] as const).find(
      (name) => given[name] !== undefined,
    )
    if (other !== undefined) return `must have at most one of "clientKeys" and "${other}"`
  }
  if (given.clientAssertion !== undefined) return assertionFlaw(given)
  if (given.clientAssertionType !== undefined) return 'must give "clientAssertion" for "clientAssertionType"'
  const unused = given.clientAssertionKey === undefined ? ofKey.find((name) => given[name] !== undefined) : undefined
  return unused === undefined ? undefined : `must give "clientAssertionKey" for "${unused}"`
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

/** The options that say how the connection is made. */
interface ConnectionOptions {
  readonly clientAuthentication?: ClientAuthenticationMethod | undefined
  readonly tls?: unknown
  readonly fetch?: unknown
  readonly internalOrigin?: string | undefined
}

/**
 * The problem with options about the client's certificate, if there is one.
 *
 * @param option - the name of the option `tls`
 */
export function tlsFlaw(options: ConnectionOptions, option = 'tls'): string | undefined {
  const { clientAuthentication: method, fetch, internalOrigin = '' } = options
  if (options.tls === undefined) {
    if (!isMutualTls(method) || fetch !== undefined) return undefined
    return `must give "${option}" for ${method}, or a "fetch" that presents the certificate`
  }
  if (fetch !== undefined) return `must not have "${option}" with "fetch": that function makes the connections`
  if (internalOrigin.startsWith('https:') || internalOrigin === '') return undefined
  return `must not have "${option}" with an "internalOrigin" of plain http: nothing presents a certificate there`
}

/** The rule that the client's certificate is there, and can be presented. */
export function presentsCertificate<Options extends ConnectionOptions>() {
  return hasNoFlaw<Options>(tlsFlaw)
}
