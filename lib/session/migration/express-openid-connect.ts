import { isThenable } from '../../base/maybe-promise.js'
import { createHmac, hkdfSync } from 'node:crypto'
import { fromBase64url } from '../../base/base64url.js'
import { equalSecrets } from '../../base/constant-time.js'
import { parseJsonObject, parseStrictJson } from '../../base/json.js'
import type { DecryptionKey } from '../../jose/decryption-key.js'
import { decryptJwe } from '../../jose/jwe.js'
import type { MigrateFromConfiguration, OldSessionStore } from '../../options/oidc/migration/migrate-from.js'
import { storeCall } from '../shared/store-call.js'
import { type OldSession, oldSessionIn } from './old-session.js'

/** Opens the value of an old cookie; `undefined` if none of the secrets has made it. */
export type OpenOldSession = (value: string) => Promise<OldSession | undefined>

/**
 * Opens sessions of express-openid-connect: a JWE with a key that HKDF derives from the secret (RFC 5869), whose header has the
 * session's times; or the ID of a session in a store, which may be signed.
 *
 * @see https://www.rfc-editor.org/rfc/rfc7516
 */
export function createOldSessions(
  { secret, store, signSessionStoreCookie, cookie }: MigrateFromConfiguration,
  timeoutSeconds: number,
): OpenOldSession {
  if (store === undefined) return sealedSessions(secret)
  const idOf = signSessionStoreCookie ? signedIds(secret, cookie.name) : (value: string) => value
  return async (value) => {
    const id = idOf(value)
    const stored = id === undefined ? undefined : await read(store, id, timeoutSeconds)
    if (typeof stored !== 'object' || stored === null) return undefined
    return oldSessionIn(Reflect.get(stored, 'header'), Reflect.get(stored, 'data'))
  }
}

type Secrets = MigrateFromConfiguration['secret']

function derive(secret: Secrets[number], info: string): Buffer {
  return Buffer.from(hkdfSync('sha256', secret, '', info, 32))
}

// The `alg` of the keys has them open nothing but `dir` with A256GCM, whatever a header says.
function sealedSessions(secrets: Secrets): OpenOldSession {
  const keys = secrets.map((secret): DecryptionKey => ({ key: derive(secret, 'JWE CEK'), kty: 'oct', alg: 'A256GCM' }))
  return async (value) => {
    const content = await decryptJwe(value, keys)
    if (content === undefined) return undefined
    const header = fromBase64url(value.slice(0, value.indexOf('.')))
    return oldSessionIn(header === undefined ? undefined : parseStrictJson(header), parseJsonObject(content))
  }
}

// A JWS with HS256 and an unencoded payload (RFC 7797), of which the cookie has the payload and the signature only.
function signedIds(secrets: Secrets, name: string): (value: string) => string | undefined {
  const keys = secrets.map((secret) => derive(secret, 'JWS Cookie Signing'))
  const header = Buffer.from('{"alg":"HS256","b64":false,"crit":["b64"]}').toString('base64url')
  return (value) => {
    const [id = '', signature = ''] = value.split('.')
    const isSigned = keys.some((key) => {
      const expected = createHmac('sha256', key).update(`${header}.${name}=${id}`).digest('base64url')
      return equalSecrets(expected, signature)
    })
    return isSigned && id !== '' ? id : undefined
  }
}

// Its stores call back, or return a promise of the session, or both.
function read(store: OldSessionStore, id: string, timeoutSeconds: number): Promise<unknown> {
  return storeCall({ timeoutSeconds, what: 'the store of the old sessions' }, (done) => {
    const returned = store.get(id, done)
    if (!isThenable(returned)) return returned
    return returned.then((session) => {
      if (session !== undefined || store.get.length < 2) done(undefined, session)
    })
  })
}
