import type { webcrypto } from 'node:crypto'
import { ConfigurationError } from '../errors.js'
import { checkOptions } from '../options/common/parse.js'
import { providerOptions } from './schema.js'

/** A person that a test provider knows: claims of their ID Tokens. `sub` is the name in `users`, unless it is given here. */
export type TestUser = Readonly<Record<string, unknown>>

/** An application that a test provider knows. */
export interface TestClient {
  /** Its secret. @default none: a public client */
  clientSecret?: string | undefined
  /** The public key of `private_key_jwt`, as JWK. @default none */
  publicKey?: webcrypto.JsonWebKey | undefined
  /** Where it may have people sent back to after a login. @default every https URL, and http on loopback hosts */
  redirectUris?: readonly string[] | undefined
}

/** Options of `testProvider()`. */
export interface TestProviderOptions {
  /** The people, by the name that `signIn()` takes. @default alice and bob */
  users?: Readonly<Record<string, TestUser>> | undefined
  /** The applications, by client ID. `options` is for the first. @default `test-client`, with a secret */
  clients?: Readonly<Record<string, TestClient>> | undefined
  /** The issuer. Nothing is ever sent there. @default 'https://provider.test' */
  issuer?: string | undefined
  /** Where your application is, for `options.oidc`. @default 'http://localhost:3000' */
  baseUrl?: string | undefined
  /** The API that access tokens are for unless a request names another. @default 'https://api.test' */
  audience?: string | undefined
  /** What access tokens are: JWTs, or opaque ones that are introspected. @default 'jwt' */
  tokenFormat?: 'jwt' | 'opaque' | undefined
  /** Seconds for which access tokens are valid. @default 300 */
  accessTokenSeconds?: number | undefined
  /** Answers requests to all other hosts, such as those of `req.oidc.fetch()`. @default they fail: there is no network */
  fetch?: typeof globalThis.fetch | undefined
}

/** The options with their defaults. */
export interface ProviderConfiguration {
  readonly users: ReadonlyMap<string, Person>
  readonly clients: ReadonlyMap<string, TestClient>
  readonly issuer: string
  readonly baseUrl: string
  readonly audience: string
  readonly tokenFormat: 'jwt' | 'opaque'
  readonly accessTokenSeconds: number
  readonly fetch: typeof globalThis.fetch | undefined
  /** Whether every client ID is known, with any secret and loopback redirect URIs: for a provider that is nothing but local. */
  readonly takesAnyClient: boolean
}

/** A person with their claims, `sub` among them. */
export interface Person {
  readonly name: string
  readonly sub: string
  readonly claims: Readonly<Record<string, unknown>>
}

const defaultUsers: Readonly<Record<string, TestUser>> = {
  alice: { name: 'Alice Example', email: 'alice@example.com', email_verified: true },
  bob: { name: 'Bob Example', email: 'bob@example.com', email_verified: true },
}

const defaultClients = { 'test-client': { clientSecret: 'the-secret-of-the-test-client-is-no-secret' } }

/**
 * Checks the options, and adds the defaults.
 *
 * @throws {ConfigurationError} `invalid_options`
 */
export function readOptions(options: TestProviderOptions, takesAnyClient = false): ProviderConfiguration {
  const checked = checkOptions('testProvider()', providerOptions, options)
  const { users = defaultUsers, clients = defaultClients, fetch } = checked
  const people = Object.entries(users).map(([name, claims]) => [name, personOf(name, claims)] as const)
  return { ...checked, users: new Map(people), clients: new Map(Object.entries(clients)), fetch, takesAnyClient }
}

function personOf(name: string, claims: TestUser): Person {
  const { sub = name } = claims
  if (typeof sub !== 'string' || sub === '') {
    throw new ConfigurationError('invalid_options', `testProvider(): users.${name}.sub must be text`)
  }
  return { name, sub, claims: { ...claims, sub } }
}
