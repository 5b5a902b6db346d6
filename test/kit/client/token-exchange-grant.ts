import '../../provider-real/hush.js'
import { createRemoteJWKSet, jwtVerify } from 'jose'
import type Provider from 'oidc-provider'
import { errors } from 'oidc-provider'

/** The grant type of RFC 8693. */
export const tokenExchangeGrant = 'urn:ietf:params:oauth:grant-type:token-exchange'

const accessToken = 'urn:ietf:params:oauth:token-type:access_token'
const parameterNames = ['subject_token', 'subject_token_type', 'resource', 'scope']

/** Teaches a provider to exchange access tokens of its own for JWTs at the given APIs (with the scopes of each). */
export function addTokenExchange(provider: Provider, resources: Readonly<Record<string, string>>): void {
  provider.registerGrantType(
    tokenExchangeGrant,
    async (ctx) => {
      const { client } = ctx.oidc
      const params: Readonly<Record<string, unknown>> = ctx.oidc.params ?? {}
      const text = (name: string) => String(params[name] ?? '')
      if (text('subject_token_type') !== accessToken) throw new errors.InvalidRequest('unknown subject_token_type')
      const subject = await findSubject(provider, text('subject_token'))
      if (subject === undefined || client === undefined) throw new errors.InvalidGrant('unknown subject_token')
      const scope = resources[text('resource')]
      if (scope === undefined) throw new errors.InvalidTarget()
      const { accountId = '', grantId = '' } = subject
      const token = new provider.AccessToken({ accountId, grantId, client, gty: 'token_exchange' })
      token.resourceServer = new provider.ResourceServer(text('resource'), {
        scope,
        accessTokenFormat: 'jwt',
        jwt: { sign: { alg: 'RS256' } },
      })
      token.scope = text('scope')
      ctx.body = {
        access_token: await token.save(),
        issued_token_type: accessToken,
        token_type: 'Bearer',
        expires_in: token.expiration,
        scope: token.scope,
      }
    },
    parameterNames,
    'resource',
  )
}

/** Who an access token is about: an opaque one is in the store, a JWT says so itself, for whatever API it is. */
async function findSubject(
  provider: Provider,
  token: string,
): Promise<{ readonly accountId?: string | undefined; readonly grantId?: string | undefined } | undefined> {
  const stored = await provider.AccessToken.find(token)
  if (stored !== undefined) return stored
  const keys = createRemoteJWKSet(new URL(`${provider.issuer}/jwks`))
  const verified = await jwtVerify(token, keys, { issuer: provider.issuer, typ: 'at+jwt' }).catch(() => undefined)
  const accountId = verified?.payload.sub
  if (accountId === undefined) return undefined
  const clientId = String(verified?.payload['client_id'])
  return { accountId, grantId: await new provider.Grant({ clientId, accountId }).save() }
}

/** An opaque access token of a person's, as a login at this client would have brought it. */
export async function userToken(provider: Provider, clientId: string, accountId: string): Promise<string> {
  const client = await provider.Client.find(clientId)
  const grant = new provider.Grant({ clientId, accountId })
  const grantId = await grant.save()
  const members = { accountId, client, grantId, gty: 'authorization_code', scope: 'openid', claims: {} }
  return new provider.AccessToken(members as never).save()
}
