import { createRemoteJWKSet, jwtVerify } from 'jose'
import { InvalidGrant, InvalidRequest, InvalidTarget } from 'oidc-provider/lib/helpers/errors.js'

/** The grant type of RFC 8693. */
export const tokenExchangeGrant = 'urn:ietf:params:oauth:grant-type:token-exchange'

const accessToken = 'urn:ietf:params:oauth:token-type:access_token'
const parameters = ['subject_token', 'subject_token_type', 'resource', 'scope']

/**
 * Adds token exchange to the provider: one of its access tokens for one for another API, about the same person.
 *
 * @param {import('oidc-provider/lib/provider.js').Provider} provider
 * @param {Readonly<Record<string, string>>} resources The APIs that there are tokens for, with the scopes of each.
 */
export function addTokenExchange(provider, resources) {
  const accountOf = subjectReader(provider)
  provider.registerGrantType(
    tokenExchangeGrant,
    async (ctx) => {
      const { client, params } = ctx.oidc
      if (params.subject_token_type !== accessToken) throw new InvalidRequest('unknown subject_token_type')
      const accountId = await accountOf(params.subject_token ?? '', client.clientId)
      if (accountId === undefined) throw new InvalidGrant('unknown subject_token')
      const audience = params.resource ?? ''
      const scopes = Object.hasOwn(resources, audience) ? resources[audience]?.split(' ') : undefined
      if (scopes === undefined) throw new InvalidTarget()
      const grantId = await new provider.Grant({ clientId: client.clientId, accountId }).save()
      const token = new provider.AccessToken({ accountId, grantId, client, gty: 'token_exchange' })
      token.resourceServer = new provider.ResourceServer(audience, {
        scope: scopes.join(' '),
        accessTokenFormat: 'jwt',
        jwt: { sign: { alg: 'RS256' } },
      })
      token.scope = (params.scope ?? '')
        .split(' ')
        .filter((scope) => scopes.includes(scope))
        .join(' ')
      ctx.body = {
        access_token: await token.save(),
        issued_token_type: accessToken,
        token_type: 'Bearer',
        expires_in: token.expiration,
        scope: token.scope,
      }
    },
    parameters,
    'resource',
  )
}

/**
 * `extraTokenClaims` of the provider's configuration: an exchanged token names who acts (RFC 8693 section 4.1).
 *
 * @param {unknown} _ctx
 * @param {{ gty?: string, clientId: string }} token
 */
export function actorClaim(_ctx, { gty, clientId }) {
  return gty === 'token_exchange' ? { act: { sub: clientId } } : undefined
}

/**
 * Only the client that a token was issued to may exchange it: who found one somewhere gets nothing for it.
 *
 * @param {import('oidc-provider/lib/provider.js').Provider} provider
 * @returns {(token: string, clientId: string) => Promise<string | undefined>}
 */
function subjectReader({ issuer }) {
  const keys = createRemoteJWKSet(new URL(`${issuer}/jwks`))
  return async (token, clientId) => {
    const verified = await jwtVerify(token, keys, { issuer, typ: 'at+jwt' }).catch(() => undefined)
    const { sub, client_id: owner } = verified?.payload ?? {}
    // A token whose subject is the client itself has no person behind it.
    return owner === clientId && sub !== clientId ? sub : undefined
  }
}
