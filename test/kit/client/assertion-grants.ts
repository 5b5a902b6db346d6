import '../../provider-real/hush.js'
import { randomUUID } from 'node:crypto'
import { type CryptoKey, SignJWT, createRemoteJWKSet, decodeProtectedHeader, generateKeyPair, jwtVerify } from 'jose'
import type Provider from 'oidc-provider'
import { errors } from 'oidc-provider'

/** The grant type of RFC 8693. */
export const tokenExchangeGrant = 'urn:ietf:params:oauth:grant-type:token-exchange'

/** The grant type of RFC 7523. */
export const assertionGrant = 'urn:ietf:params:oauth:grant-type:jwt-bearer'

const idJag = 'urn:ietf:params:oauth:token-type:id-jag'
const typ = 'oauth-id-jag+jwt'

/** A company whose identity provider vouches for its people. */
export interface Company {
  readonly keys: { readonly privateKey: CryptoKey; readonly publicKey: CryptoKey }
  /** An ID Token of a person's login at a client. */
  idToken(clientId: string, sub: string): Promise<string>
}

/** Creates a company, with a key for its ID Tokens and grants. */
export async function createCompany(): Promise<Company> {
  const keys = await generateKeyPair('ES256')
  const idToken = async (clientId: string, sub: string) =>
    new SignJWT({ sub })
      .setProtectedHeader({ alg: 'ES256' })
      .setAudience(clientId)
      .setExpirationTime('5m')
      .sign(keys.privateKey)
  return { keys, idToken }
}

/** Teaches a provider to exchange the company's ID Tokens for grants at other authorization servers, for the client `clientId` there. */
export function addGrants(provider: Provider, { keys }: Company, clientId: string): void {
  provider.registerGrantType(
    tokenExchangeGrant,
    async (ctx) => {
      const text = textOf(ctx.oidc.params)
      if (text('requested_token_type') !== idJag) throw new errors.InvalidRequest('unknown requested_token_type')
      const audience = ctx.oidc.client?.clientId ?? ''
      const verified = await jwtVerify(text('subject_token'), keys.publicKey, { audience }).catch(() => undefined)
      if (verified === undefined) throw new errors.InvalidGrant('unknown subject_token')
      const claims = {
        sub: verified.payload.sub ?? '',
        client_id: clientId,
        resource: text('resource'),
        scope: text('scope'),
      }
      const grant = await new SignJWT(claims)
        .setProtectedHeader({ alg: 'ES256', typ })
        .setIssuer(provider.issuer)
        .setAudience(text('audience'))
        .setJti(randomUUID())
        .setExpirationTime('5m')
        .sign(keys.privateKey)
      ctx.body = {
        issued_token_type: idJag,
        access_token: grant,
        token_type: 'N_A',
        scope: text('scope'),
        expires_in: 300,
      }
    },
    ['subject_token', 'subject_token_type', 'requested_token_type', 'audience', 'resource', 'scope'],
  )
}

/**
 * Teaches a provider to redeem assertions: grants of the company, each once, and with `requested_token_use` access tokens whose
 * audience is the client, for the given API.
 */
export function addAssertionGrant(provider: Provider, { keys }: Company, api: string): void {
  const redeemed = new Set<string>()
  provider.registerGrantType(
    assertionGrant,
    async (ctx) => {
      const { client } = ctx.oidc
      const text = textOf(ctx.oidc.params)
      const assertion = text('assertion')
      if (client === undefined || redeemed.has(assertion)) throw new errors.InvalidGrant('redeemed before')
      const isOwn = text('requested_token_use') === 'on_behalf_of'
      const found = isOwn
        ? jwtVerify(assertion, createRemoteJWKSet(new URL(`${provider.issuer}/jwks`)), {
            audience: `https://${client.clientId}`,
          })
        : jwtVerify(assertion, keys.publicKey, { audience: provider.issuer, typ })
      const { payload } = await found.catch(() => ({ payload: undefined }))
      const isForClient = isOwn || payload?.['client_id'] === client.clientId
      if (payload?.sub === undefined || !isForClient) throw new errors.InvalidGrant('refused assertion')
      if (decodeProtectedHeader(assertion).typ === typ) redeemed.add(assertion)
      const accountId = payload.sub
      const grantId = await new provider.Grant({ clientId: client.clientId, accountId }).save()
      const token = new provider.AccessToken({ accountId, grantId, client, gty: 'jwt_bearer' })
      const scope = isOwn ? text('scope') : String(payload['scope'])
      const format = { accessTokenFormat: 'jwt', jwt: { sign: { alg: 'RS256' } } } as const
      token.resourceServer = new provider.ResourceServer(api, { scope, ...format })
      token.scope = scope
      ctx.body = { access_token: await token.save(), token_type: 'Bearer', expires_in: token.expiration, scope }
    },
    ['assertion', 'requested_token_use', 'scope', 'resource'],
  )
}

function textOf(params: Readonly<Record<string, unknown>> | undefined): (name: string) => string {
  return (name) => String(params?.[name] ?? '')
}
