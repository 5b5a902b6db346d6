import { type ClaimRule, requireClaims } from '../../jose/claim-rules.js'
import { decodeJws } from '../../jose/jws.js'
import { describingFailures } from '../../jose/token-details.js'
import type { Keys } from '../keys.js'
import { type RuleContext, relyingPartyRules, timeRules } from './claim-rules.js'
import { createClientDecryption } from './decryption.js'
import { createSignatureVerifier, requireRegisteredAlgorithm } from './signature.js'
import { tenantKeyRule } from './tenants.js'
import type { ClientSettings, ProviderSettings } from '../types.js'

/** Returns the parameters of a signed authorization response, as a plain one has them. */
export type OpenSignedResponse = (response: string) => Promise<URLSearchParams>

/** Issuer and client, and how authorization responses are signed and encrypted. */
type SignedResponseSettings = Pick<
  ProviderSettings,
  'issuer' | 'issuerAliases' | 'tenants' | 'runtime' | 'clockToleranceSeconds'
> &
  Pick<
    ClientSettings,
    | 'clientId'
    | 'clientSecret'
    | 'idTokenSigningAlg'
    | 'authorizationResponseAlg'
    | 'decryptionKeys'
    | 'encryptedResponses'
  >

const token = 'authorization response'
// The claims of a plain response, and iat is not among them.
const rules: readonly ClaimRule<RuleContext>[] = [
  relyingPartyRules.issuer,
  relyingPartyRules.audience,
  ...timeRules.filter(({ claim }) => claim !== 'iat'),
]

/**
 * Makes the check of signed authorization responses (JARM sections 2.4 and 4): decrypted, for this client, from this issuer, not
 * expired, and signed. That a response works only once is up to its `state`.
 *
 * The function throws `TokenValidationError`, and `ProviderError` when keys have to be fetched and cannot be.
 *
 * @throws {ConfigurationError} `invalid_options` for HS256, HS384 or HS512 without a long enough secret
 * @see https://openid.net/specs/oauth-v2-jarm-final.html#section-2.4
 */
export function createSignedResponses(settings: SignedResponseSettings, keys: Keys): OpenSignedResponse {
  const { runtime, clientSecret, authorizationResponseAlg: own, idTokenSigningAlg } = settings
  const algorithms = own ?? idTokenSigningAlg
  const signature = {
    token,
    algorithms,
    option: own === undefined ? 'idTokenSigningAlg' : 'authorizationResponseAlg',
    clientSecret,
    from: 'anyone',
    isKeyOf: tenantKeyRule(settings),
  } as const
  const verifySignature = createSignatureVerifier(signature, keys)
  const decrypt = createClientDecryption(settings, { token, response: 'authorization' })
  return async (response) => {
    // Anyone can send anything here, so the cheap checks come before keys and signatures.
    const jws = decodeJws(await decrypt(response))
    requireRegisteredAlgorithm(jws.header, signature)
    const requireAll = () => {
      const now = runtime.now() / 1000
      requireClaims(token, rules, jws.payload, { ...settings, idTokenSigningAlg: algorithms, now })
    }
    return describingFailures(jws, async () => {
      await verifySignature(jws, requireAll)
      requireAll()
      const texts = Object.entries(jws.payload).filter(([, value]) => typeof value === 'string')
      return new URLSearchParams(texts.map(([name, value]): [string, string] => [name, String(value)]))
    })
  }
}
