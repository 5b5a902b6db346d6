import { parseJsonObject } from '../../base/json.js'
import { TokenEndpointError } from '../../errors.js'

/**
 * The type of an identity assertion authorization grant: one authorization server issues it for another
 * (draft-ietf-oauth-identity-assertion-authz-grant).
 */
export const idJagType = 'urn:ietf:params:oauth:token-type:id-jag'

const headerType = /^(?:application\/)?oauth-id-jag\+jwt$/i

/**
 * Checks that a token is such a grant, as far as this client can read it: the authorization server that it is for validates it.
 *
 * @throws {TokenEndpointError} `token_response_invalid` for a JWT of another type, such as an access token or an ID Token
 */
export function requireIdJag(token: string): void {
  const [header = '', , , ...rest] = token.split('.', 6)
  const type = parseJsonObject(Buffer.from(header, 'base64url').toString())?.['typ']
  const isEncrypted = rest.length === 2
  if (isEncrypted || (typeof type === 'string' && headerType.test(type))) return
  const message =
    'the token endpoint returned another kind of token in place of an identity assertion authorization grant'
  throw new TokenEndpointError('token_response_invalid', message)
}
