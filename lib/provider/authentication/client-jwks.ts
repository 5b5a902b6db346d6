import type { KeyObject } from 'node:crypto'
import { type JsonObject, omitUndefined } from '../../base/json.js'
import { ConfigurationError } from '../../errors.js'
import { importDecryptionKeys } from '../../jose/decryption-key.js'
import { jwkThumbprint } from '../../jose/jwk-set.js'
import { publicJwkOf } from '../../jose/public-jwk.js'
import type { ClientKeysConfiguration } from '../../options/common/credentials.js'
import type { DecryptionKeyOption } from '../../options/common/private-key.js'
import { importClientKeys } from './client-keys.js'

interface KeyConfiguration {
  readonly clientKeys?: ClientKeysConfiguration | undefined
  readonly decryptionKeys?: readonly DecryptionKeyOption[] | undefined
  readonly httpTimeoutSeconds: number
}

interface JwksConfiguration extends KeyConfiguration {
  readonly routes: { readonly jwks: string | false }
}

/**
 * The JWK Set that providers find this client's public keys in (RFC 7517 section 5), as JSON.
 *
 * @param providers - the options of each provider, if the application has several
 * @returns `undefined` if it is not published
 * @throws {ConfigurationError} `invalid_options` if there are no keys to publish
 */
export function clientJwks(
  configuration: JwksConfiguration,
  providers: readonly KeyConfiguration[] = [],
): string | undefined {
  if (configuration.routes.jwks === false) return undefined
  const keys = [configuration, ...providers].flatMap(publicKeysOf).map((jwk) => JSON.stringify(jwk))
  if (keys.length > 0) return `{"keys":[${[...new Set(keys)].join(',')}]}`
  const message =
    'oidc(): invalid options\n  - options must give "clientKeys" or "decryptionKeys" for "routes.jwks": it publishes their public halves'
  throw new ConfigurationError('invalid_options', message)
}

function publicKeysOf({
  clientKeys,
  decryptionKeys = [],
  httpTimeoutSeconds,
}: KeyConfiguration): readonly JsonObject[] {
  const signing = clientKeys === undefined ? [] : importClientKeys(clientKeys, httpTimeoutSeconds).published
  return [...signing, ...encryptionKeysOf(decryptionKeys)]
}

// Secrets are not published.
function encryptionKeysOf(given: readonly DecryptionKeyOption[]): readonly JsonObject[] {
  return importDecryptionKeys('decryptionKeys', given).flatMap(({ key, kid, alg }) =>
    key instanceof Uint8Array ? [] : [encryptionKey(key, kid, alg)],
  )
}

function encryptionKey(key: KeyObject, kid: string | undefined, alg: string | undefined): JsonObject {
  const jwk = { ...publicJwkOf(key) }
  return { ...jwk, kid: kid ?? jwkThumbprint(jwk), ...omitUndefined({ alg }), use: 'enc' }
}
