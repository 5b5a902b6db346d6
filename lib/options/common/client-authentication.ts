import type { KeyObject, webcrypto } from 'node:crypto'
import type { CurrentTls, TlsOptions } from './tls.js'

/** Users of client authentication methods: `oidc()`, `clientCredentials()`, and the introspection of `bearer()`. */
export type MethodUser = 'login' | 'machine' | 'introspection'

/** The options that hold a credential. */
type Credential = 'clientSecret' | 'clientAssertionKey' | 'clientAssertion' | 'clientKeys'

interface Method {
  /** The options with the credential: one of them is needed. */
  readonly needs?: readonly Credential[]
  /** Whether the connection authenticates the client, by the certificate in the option `tls`. */
  readonly isMutualTls?: true
  readonly usedBy: readonly MethodUser[]
}

const everywhere = ['login', 'machine', 'introspection'] as const

/**
 * The client authentication methods. All options, their types and their checks follow from this list; how a method is
 * implemented is in `provider/authentication/client-authentication.ts`.
 *
 * @see https://openid.net/specs/openid-connect-core-1_0.html#ClientAuthentication
 * @see https://www.rfc-editor.org/rfc/rfc8705#section-2
 */
const methods = {
  client_secret_basic: { needs: ['clientSecret'], usedBy: everywhere },
  client_secret_post: { needs: ['clientSecret'], usedBy: everywhere },
  client_secret_jwt: { needs: ['clientSecret'], usedBy: everywhere },
  private_key_jwt: { needs: ['clientAssertionKey', 'clientAssertion', 'clientKeys'], usedBy: everywhere },
  tls_client_auth: { isMutualTls: true, usedBy: everywhere },
  self_signed_tls_client_auth: { isMutualTls: true, usedBy: everywhere },
  none: { usedBy: ['login', 'introspection'] },
} as const satisfies Readonly<Record<string, Method>>

/** A client authentication method by its registered name. */
export type ClientAuthenticationMethod = keyof typeof methods

/** The methods that one kind of client may choose from. */
export type MethodFor<User extends MethodUser> = {
  [M in ClientAuthenticationMethod]: User extends (typeof methods)[M]['usedBy'][number] ? M : never
}[ClientAuthenticationMethod]

/** The methods that one kind of client may choose from, and the message for other values. */
export function methodChoice<User extends MethodUser>(user: User): [readonly MethodFor<User>[], string] {
  const allowed = Object.keys(methods).filter((name): name is MethodFor<User> => isUsedBy(name, user))
  return [allowed, `must be ${allowed.slice(0, -1).join(', ')} or ${allowed.at(-1) ?? ''}`]
}

function isUsedBy(name: string, user: MethodUser): boolean {
  const method: Method | undefined = isMethod(name) ? methods[name] : undefined
  return method?.usedBy.includes(user) ?? false
}

function isMethod(name: string): name is ClientAuthenticationMethod {
  return Object.hasOwn(methods, name)
}

/** Kinds of assertions, as the end of `client_assertion_type`. */
export const assertionTypes = ['jwt-bearer', 'jwt-spiffe'] as const

/** A key: PEM, JWK, `KeyObject` or `CryptoKey`. */
export type KeyOption = string | webcrypto.JsonWebKey | KeyObject | webcrypto.CryptoKey

/** How a key is known to others. */
export interface NamedKey {
  /** Its name (`kid`) in headers and in the published key set. @default that of the JWK, or its thumbprint (RFC 7638) */
  kid?: string | undefined
  /** Its certificate as PEM: hashes of it go into headers as `x5t` and `x5t#S256`, and it is published as `x5c`. @default none */
  certificate?: string | undefined
}

/** A private key in this process. */
export interface LocalKey extends NamedKey {
  /** PKCS#8 PEM, private JWK, `KeyObject` or `CryptoKey`: RSA of at least 2048 bits, P-256, P-384, P-521 or Ed25519. */
  privateKey: KeyOption
  /** Signature algorithm. @default by the key: that of the JWK or `CryptoKey`, else RS256, ES256, ES384, ES512 or EdDSA */
  alg?: string | undefined
}

/** A private key that a service or a device holds: a KMS or an HSM signs with it. */
export interface RemoteKey extends NamedKey {
  /**
   * Signs within `httpTimeoutSeconds`. A signature of ECDSA may be the two numbers side by side, or in ASN.1 as most services return
   * it. Each signature is verified by `publicKey`.
   *
   * @param data - what to sign, not yet hashed
   * @param alg - the algorithm, such as `ES256`
   */
  sign: (data: Uint8Array, alg: string) => Uint8Array | Promise<Uint8Array>
  /** Signature algorithm, such as `ES256`. */
  alg: string
  /** The public half: PEM, JWK, `KeyObject` or `CryptoKey`. */
  publicKey: KeyOption
}

/** One of {@link ClientKeysOptions}. */
export type ClientKeyOption = LocalKey | RemoteKey

/**
 * The keys of a client and their rotation. Only `current` signs; `routes.jwks` publishes all, so a provider knows `next` before it is
 * used, and can still verify what `old` signed.
 *
 * @example
 * ```ts
 * import { readFileSync } from 'node:fs'
 *
 * const clientKeys = {
 *   current: { privateKey: readFileSync('keys/2026.pem', 'utf8') },
 *   next: { privateKey: readFileSync('keys/2027.pem', 'utf8') },
 * }
 * app.use(oidc({ issuer, clientId, baseUrl: 'https://app.example.com', secret, clientKeys, routes: { jwks: '/jwks.json' } }))
 * ```
 *
 * @see https://openid.net/specs/openid-connect-core-1_0.html#RotateSigKeys
 */
export interface ClientKeysOptions {
  /** Signs client assertions and request objects. */
  current: ClientKeyOption
  /** Will be `current`. @default none */
  next?: ClientKeyOption | undefined
  /** Was `current`. @default none */
  old?: ClientKeyOption | undefined
}

/** How a client proves who it is. */
export interface CredentialOptions<Method extends ClientAuthenticationMethod> {
  /**
   * The client secret, or a function that returns it. The function is called for every request. Leave the secret out for a public
   * client, and for `private_key_jwt`. @default none
   */
  clientSecret?: string | (() => string | Promise<string>) | undefined
  /** How the client authenticates. @default the best method that the metadata and the credentials allow */
  clientAuthentication?: Method | undefined
  /** Private key for `private_key_jwt`: PKCS#8 PEM or JWK. @default none */
  clientAssertionKey?: string | webcrypto.JsonWebKey | undefined
  /** Keys of this client, in place of `clientAssertionKey`: for rotation, for keys in a KMS or HSM, and for signed requests. @default none */
  clientKeys?: ClientKeysOptions | undefined
  /** `alg` of the client assertion. @default by the type of the key: RS256, ES256, ES384, ES512 or EdDSA */
  clientAssertionAlg?: string | undefined
  /** `kid` in the header of the client assertion. @default that of the JWK */
  clientAssertionKid?: string | undefined
  /** The key's certificate as PEM: its hashes go into the header as `x5t` and `x5t#S256`, as Entra and AD FS require. @default none */
  clientAssertionCertificate?: string | undefined
  /** `aud` of the client assertion: `issuer`, `token_endpoint`, or another text. @default 'issuer', or 'token_endpoint' for a template */
  clientAssertionAudience?: string | undefined
  /**
   * An assertion that someone else signs, instead of `clientAssertionKey`: a function, or the file in which a platform keeps it.
   * It is fetched or read for every request to the provider, within `httpTimeoutSeconds`.
   *
   * @default none
   * @see https://www.rfc-editor.org/rfc/rfc7523#section-2.2
   */
  clientAssertion?:
    | {
        /** Path of the file. It is read for every request, so it may be replaced while the process runs. */
        readonly file: string
      }
    | (() => string | Promise<string>)
    | undefined
  /** Kind of `clientAssertion`: the end of `client_assertion_type`. `jwt-spiffe` is for JWT-SVIDs. @default 'jwt-bearer' */
  clientAssertionType?: (typeof assertionTypes)[number] | undefined
  /**
   * Certificate that connections to the provider present: for `tls_client_auth` and `self_signed_tls_client_auth`, and for
   * tokens that are bound to it. APIs then see it too. A function is called once a minute at most, for certificates that are
   * replaced. Requests then go to `mtls_endpoint_aliases` of the metadata. Not together with `fetch`.
   *
   * @default none
   * @see https://www.rfc-editor.org/rfc/rfc8705#section-2
   */
  tls?: TlsOptions | CurrentTls<TlsOptions> | undefined
}

/** Options with a method and its credential. */
export interface GivenCredentials {
  readonly clientAuthentication?: ClientAuthenticationMethod | undefined
  readonly clientSecret?: unknown
  readonly clientAssertionKey?: unknown
  readonly clientAssertion?: unknown
  readonly clientKeys?: unknown
}

/** The options of which the chosen method needs one, if none is there. */
export function missingCredential(given: GivenCredentials): string | undefined {
  const { clientAuthentication: method } = given
  const { needs = [] }: Method = method === undefined ? { usedBy: [] } : methods[method]
  const isMissing = needs.length > 0 && needs.every((name) => given[name] === undefined)
  return isMissing ? needs.map((name) => `"${name}"`).join(' or ') : undefined
}

/** Whether the connection authenticates the client (RFC 8705 section 2). */
export function isMutualTls(method: ClientAuthenticationMethod | undefined): boolean {
  const chosen: Method = method === undefined ? { usedBy: [] } : methods[method]
  return chosen.isMutualTls ?? false
}
