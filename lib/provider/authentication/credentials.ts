import type { webcrypto } from 'node:crypto'
import { outage } from '../../base/outage.js'
import { omitUndefined } from '../../base/json.js'
import type { OidcError } from '../../errors.js'
import { redactedCause, quoted } from '../../base/error-cause.js'
import type { ClientKeysConfiguration } from '../../options/common/credentials.js'
import { importClientKeys } from './client-keys.js'
import { callInTime } from '../../base/timers/call-in-time.js'
import type { ClientCredentials, ClientIdentity } from '../types.js'

type Credentials = Pick<ClientIdentity, 'clientSecret' | 'clientAssertionKey' | 'currentCredentials'>

/** Credentials as options give them: a value, or a function that looks it up. */
interface CredentialConfiguration {
  readonly clientSecret?: string | (() => unknown) | undefined
  readonly clientAssertionKey?: string | webcrypto.JsonWebKey | (() => unknown) | undefined
  readonly clientAssertion?: { readonly file: string } | (() => unknown) | undefined
  readonly httpTimeoutSeconds: number
}

/** The members of options that say who the client is, and how it proves that. */
type IdentityConfiguration = CredentialConfiguration &
  Omit<ClientIdentity, keyof ClientCredentials | 'clientKeys'> & {
    readonly clientKeys?: ClientKeysConfiguration | undefined
  }

/**
 * The client that options describe.
 *
 * @throws {ConfigurationError} `invalid_options` for a key in `clientKeys` that cannot be used
 */
export function clientIdentity(configuration: IdentityConfiguration): ClientIdentity {
  const { clientId, clientAuthentication, clientAssertionAlg, clientAssertionKid } = configuration
  const { clientAssertionCertificate, clientAssertionAudience, clientAssertionType } = configuration
  const { clientKeys: keys, httpTimeoutSeconds } = configuration
  const members = {
    clientKeys: keys === undefined ? undefined : importClientKeys(keys, httpTimeoutSeconds),
    clientId,
    clientAuthentication,
    clientAssertionAlg,
    clientAssertionKid,
    clientAssertionCertificate,
    clientAssertionAudience,
    clientAssertionType,
  }
  return { ...omitUndefined(members), ...credentialsOf(configuration) }
}

// Fixed credentials as they are, and a lookup for those that are not.
function credentialsOf(configuration: CredentialConfiguration): Credentials {
  const { clientSecret: secret, clientAssertionKey: key, clientAssertion: assertion } = configuration
  const { httpTimeoutSeconds: seconds } = configuration
  const given: ClientCredentials = {
    ...(typeof secret === 'string' ? { clientSecret: secret } : {}),
    ...(key === undefined || typeof key === 'function' ? {} : { clientAssertionKey: key }),
  }
  if (typeof secret !== 'function' && typeof key !== 'function' && assertion === undefined) return given
  const currentCredentials = async (): Promise<ClientCredentials> => ({
    ...(typeof secret === 'function' ? { clientSecret: await lookUp('clientSecret', secret, asText, seconds) } : {}),
    ...(typeof key === 'function'
      ? { clientAssertionKey: await lookUp('clientAssertionKey', key, asKey, seconds) }
      : {}),
    ...(assertion === undefined ? {} : { clientAssertion: await currentAssertion(assertion, seconds) }),
  })
  return { ...given, currentCredentials }
}

function currentAssertion(source: { readonly file: string } | (() => unknown), seconds: number): Promise<string> {
  if (typeof source === 'function') return lookUp('clientAssertion', source, asJwt, seconds)
  return lookUp('clientAssertion', () => readAssertion(source.file), asJwt, seconds)
}

// The platform that writes the file replaces it from time to time, so any trouble with it is an outage.
async function readAssertion(file: string): Promise<string> {
  const { readFile } = await import('node:fs/promises')
  const content = await readFile(file, 'utf8').catch((error: unknown) => {
    throw unusableFile(file, 'cannot be read', error)
  })
  const assertion = asJwt(content)
  if (assertion === undefined) throw unusableFile(file, 'does not contain a JWT')
  return assertion
}

function unusableFile(file: string, why: string, error?: unknown): OidcError {
  const message = `the file ${quoted(file)} in "clientAssertion" ${why}`
  return outage('provider_unavailable', message, undefined, redactedCause(error))
}

// Whatever else a file holds, such as a private key, must not be sent to the provider.
function asJwt(value: unknown): string | undefined {
  const text = typeof value === 'string' ? value.trim() : ''
  return /^[\w-]+\.[\w-]+\.[\w-]+$/.test(text) ? text : undefined
}

function asText(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined
}

function asKey(value: unknown): string | webcrypto.JsonWebKey | undefined {
  return typeof value === 'object' && value !== null ? { ...value } : asText(value)
}

// A failing lookup, such as a vault that is down, is an outage. So is one that returns something else: the next may be right.
async function lookUp<T>(
  name: string,
  lookup: () => unknown,
  as: (value: unknown) => T | undefined,
  seconds: number,
): Promise<T> {
  const value = as(await callInTime(name, lookup, seconds))
  if (value !== undefined) return value
  throw outage('provider_unavailable', `the function in "${name}" returned an invalid value`)
}
