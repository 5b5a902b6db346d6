import { outage } from '../base/outage.js'
import type { webcrypto } from 'node:crypto'
import { type OidcError, ConfigurationError } from '../errors.js'
import { redactedCause, ownError } from '../base/error-cause.js'

import type { ClientCredentials, ClientIdentity } from './types.js'

type Credentials = Pick<ClientIdentity, 'clientSecret' | 'clientAssertionKey' | 'currentCredentials'>

/** Credentials as options give them: a value, or a function that looks it up. */
interface CredentialConfiguration {
  readonly clientSecret?: string | (() => unknown) | undefined
  readonly clientAssertionKey?: string | webcrypto.JsonWebKey | (() => unknown) | undefined
  readonly httpTimeoutSeconds: number
}

/** Returns fixed credentials as they are, and a lookup for those that are given as functions. */
export function credentialsOf(configuration: CredentialConfiguration): Credentials {
  const { clientSecret: secret, clientAssertionKey: key, httpTimeoutSeconds } = configuration
  const given: ClientCredentials = {
    ...(typeof secret === 'string' ? { clientSecret: secret } : {}),
    ...(key === undefined || typeof key === 'function' ? {} : { clientAssertionKey: key }),
  }
  if (typeof secret !== 'function' && typeof key !== 'function') return given
  const currentCredentials = async (): Promise<ClientCredentials> => ({
    ...(typeof secret === 'function'
      ? { clientSecret: await lookUp('clientSecret', secret, asText, httpTimeoutSeconds) }
      : {}),
    ...(typeof key === 'function'
      ? { clientAssertionKey: await lookUp('clientAssertionKey', key, asKey, httpTimeoutSeconds) }
      : {}),
  })
  return { ...given, currentCredentials }
}

function asText(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined
}

function asKey(value: unknown): string | webcrypto.JsonWebKey | undefined {
  return typeof value === 'object' && value !== null ? { ...value } : asText(value)
}

// A failing lookup, such as a vault that is down, is an outage. One that returns nothing is a configuration error.
async function lookUp<T>(
  name: string,
  lookup: () => unknown,
  as: (value: unknown) => T | undefined,
  seconds: number,
): Promise<T> {
  const value = as(await withinDeadline(name, lookup, seconds))
  if (value !== undefined) return value
  throw new ConfigurationError('invalid_options', `the function in "${name}" returned an invalid value`)
}

async function withinDeadline(name: string, lookup: () => unknown, seconds: number): Promise<unknown> {
  let timer: NodeJS.Timeout | undefined
  const deadline = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => {
      reject(outage('provider_timeout', `the function in "${name}" did not return within ${seconds} seconds`))
    }, seconds * 1000)
    timer.unref()
  })
  try {
    return await Promise.race([(async () => lookup())(), deadline])
  } catch (error) {
    throw failureOf(name, error)
  } finally {
    clearTimeout(timer)
  }
}

function failureOf(name: string, error: unknown): OidcError {
  return (
    ownError(error) ??
    outage('provider_unavailable', `the function in "${name}" failed`, undefined, redactedCause(error))
  )
}
