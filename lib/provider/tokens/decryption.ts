import { TokenValidationError } from '../../errors.js'
import { type DecryptionKey, importDecryptionKeys } from '../../jose/decryption-key.js'
import { acceptedEncryption, decryptJwe, isEncrypted } from '../../jose/jwe.js'
import { maxTokenBytes } from '../../jose/jws.js'
import type { ClientSettings } from '../types.js'

/** Returns the signed token that arrived, or that was inside an encrypted one. */
export type Decrypt = (token: string) => Promise<string>

/** Which tokens are encrypted, and for which keys. */
export interface DecryptionSettings {
  /** What the token is called in messages. */
  readonly token: string
  /** Without any, an encrypted token is refused. */
  readonly keys: readonly DecryptionKey[]
  /** The option that {@link keys} are from. */
  readonly option: string
  /** Whether encryption was agreed: a token that is not encrypted is refused. */
  readonly isRequired: boolean
  /** What switches encryption on and off where the client is registered. */
  readonly registration: string
  /** Longest signed token, in characters. @default as for all tokens */
  readonly maxBytes?: number
}

// Base64url adds a third, and the other segments take a few hundred characters.
const growth = 1.5

/**
 * Makes the function that decrypts tokens of one kind. What is inside must be a signed token: anyone who knows the public key
 * can encrypt, so encryption does not show who issued a token (RFC 8725 section 2.3).
 */
export function createDecryption(settings: DecryptionSettings): Decrypt {
  const { token: name, keys, option, isRequired, registration, maxBytes = maxTokenBytes } = settings
  const failed = (why: string) => new TokenValidationError('token_decryption_failed', `the ${name} ${why}`)
  return async (token) => {
    if (!isEncrypted(token)) {
      if (!isRequired) return token
      const why = `is not encrypted, though that was agreed: set ${registration} at the client's registration`
      throw new TokenValidationError('token_not_encrypted', `the ${name} ${why}`)
    }
    if (keys.length === 0) throw failed(`is encrypted: give "${option}", or switch ${registration} off at the client`)
    if (token.length > maxBytes * growth) throw new TokenValidationError('token_malformed', `the ${name} is too long`)
    const inner = await decryptJwe(token, keys)
    if (inner === undefined) {
      throw failed(`cannot be decrypted: no key in "${option}" opens it, which accepts ${acceptedEncryption}`)
    }
    if (inner.split('.', 4).length === 3) return inner
    const why = 'is encrypted, but what is inside is not a signed token: have the provider sign it, then encrypt it'
    throw new TokenValidationError('token_malformed', `the ${name} ${why}`)
  }
}

/** A kind of token that a client may be registered to receive encrypted. */
export interface EncryptedKind extends Pick<DecryptionSettings, 'token' | 'maxBytes'> {
  /** What it is, or follows, in `encryptedResponses`. */
  readonly response: 'id_token' | 'userinfo' | 'authorization'
}

/**
 * Makes the function that decrypts tokens of one kind for a client; see {@link createDecryption}.
 *
 * @throws {ConfigurationError} `invalid_options` for a key that decrypts nothing
 */
export function createClientDecryption(
  { decryptionKeys = [], encryptedResponses = [] }: Pick<ClientSettings, 'decryptionKeys' | 'encryptedResponses'>,
  { response, ...kind }: EncryptedKind,
): Decrypt {
  const option = 'decryptionKeys'
  const keys = importDecryptionKeys(option, decryptionKeys)
  const isRequired = encryptedResponses.includes(response)
  return createDecryption({ ...kind, keys, option, isRequired, registration: `${response}_encrypted_response_alg` })
}
