import { traced } from '../../base/diagnostics.js'
import type { Principal } from '../../policy/principal.js'
import { auditRefusedTokens } from '../../resource-server/refused-tokens.js'
import type { ResourceServer } from '../../resource-server/resource-server.js'
import { headerValues } from '../http/request.js'
import { readMember } from '../http/request-property.js'
import type { NodeRequest, NodeResponse } from '../types.js'
import { isOtherScheme, NodeTokenRequest, presentedCredentials, type RequestSources } from './bearer-request.js'

/** How the principal of a request is found. */
export interface FinderParts {
  readonly server: ResourceServer
  readonly reading: RequestSources
  readonly required: boolean
  /** The header of API keys in lower case; `undefined` for none. */
  readonly keyHeader: string | undefined
}

/**
 * Finds who makes a request: at once where the token was seen before; `undefined` for absent credentials where none are required.
 *
 * @param res - carries nonces to the client; without it they are dropped
 */
export type PrincipalFinder = (
  req: NodeRequest,
  res: NodeResponse | undefined,
) => Principal | undefined | Promise<Principal>

/** Creates the way to find the principals of requests, by access token or API key. */
export function createPrincipalFinder(parts: FinderParts): PrincipalFinder {
  const { server, reading, required, keyHeader } = parts
  const refuse = (): Principal | Promise<Principal> =>
    auditRefusedTokens(() =>
      traced('validation', {}, () => {
        throw server.challenges.malformed()
      }),
    )
  return (req, res) => {
    const { value, isAmbiguous } = presentedCredentials(req)
    // Only absent credentials make a request anonymous: an invalid token is refused even where none is required.
    if (isAmbiguous) return refuse()
    if (keyHeader !== undefined && readMember(req, 'headers')[keyHeader] !== undefined) {
      const [key = '', ...more] = headerValues(req, keyHeader)
      if (more.length > 0 || (value !== undefined && !isOtherScheme(value))) return refuse()
      return auditRefusedTokens(() => verifyKey(server, key, req))
    }
    if (!required && (value === undefined || isOtherScheme(value))) return undefined
    return server.validator.validate(value, new NodeTokenRequest(req, reading, res))
  }
}

function verifyKey({ apiKeys, challenges }: ResourceServer, key: string, req: NodeRequest): Promise<Principal> {
  return traced('validation', {}, async (notes) => {
    if (apiKeys === undefined) throw challenges.invalidApiKey()
    const principal = await apiKeys(key, req)
    if (notes !== undefined) notes.issuer = principal.issuer
    return principal
  })
}
