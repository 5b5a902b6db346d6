import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { createRemoteJWKSet, jwtVerify } from 'jose'
import { clientCredentials, type TokenSource } from '../../lib/index.js'
import {
  addAssertionGrant,
  addGrants,
  assertionGrant,
  type Company,
  createCompany,
  tokenExchangeGrant,
} from '../kit/client/assertion-grants.js'
import { failureOf } from '../kit/failure.js'
import { type RealProvider, startRealProvider } from '../provider-real/provider.js'

const api = 'https://wiki.example.com/mcp'
const clientOf = (clientId: string, ...grants: readonly string[]) => ({
  client_id: clientId,
  client_secret: `secret-of-${clientId}`,
  redirect_uris: [],
  response_types: [],
  grant_types: ['client_credentials', ...grants],
})

let company: Company
let idp: RealProvider
let wiki: RealProvider
const sources: TokenSource[] = []

beforeAll(async () => {
  company = await createCompany()
  idp = await startRealProvider({
    clients: [clientOf('portal', tokenExchangeGrant), clientOf('orders', assertionGrant)],
    resources: { 'https://orders': 'orders:read', [api]: 'pages:read' },
  })
  wiki = await startRealProvider({ clients: [clientOf('notes', assertionGrant)], resources: { [api]: 'pages:read' } })
  addGrants(idp.provider, company, 'notes')
  addAssertionGrant(idp.provider, company, api)
  addAssertionGrant(wiki.provider, company, api)
})
afterAll(async () => {
  for (const source of sources) source.close()
  await Promise.all([idp.close(), wiki.close()])
})

const sourceOf = ({ issuer }: RealProvider, clientId: string) => {
  const source = clientCredentials({ issuer, clientId, clientSecret: `secret-of-${clientId}` })
  sources.push(source)
  return source
}
const claimsOf = async ({ issuer }: RealProvider, token: string) => {
  const jwks = createRemoteJWKSet(new URL(`${issuer}/jwks`))
  return (await jwtVerify(token, jwks, { issuer, audience: api, typ: 'at+jwt' })).payload
}

describe('at two real providers, a person of one', () => {
  test('is let in by the other, for what was asked, and again after the token was rejected', async () => {
    const identityProvider = sourceOf(idp, 'portal')
    const notes = sourceOf(wiki, 'notes')
    const subjectToken = await company.idToken('portal', 'ada')
    const request = { identityProvider, subjectToken, resource: api, scope: 'pages:read' }
    const token = await notes.crossAppAccess(request)
    const expected = { sub: 'ada', client_id: 'notes', scope: 'pages:read' }
    expect(await claimsOf(wiki, token)).toMatchObject(expected)
    notes.drop(token)
    const next = await notes.crossAppAccess(request)
    expect(next).not.toBe(token)
    expect(await claimsOf(wiki, next)).toMatchObject(expected)
  })

  test('is not, by an ID Token for another client, or by a grant for another client of the second server', async () => {
    const identityProvider = sourceOf(idp, 'portal')
    const notes = sourceOf(wiki, 'notes')
    const foreign = await company.idToken('another', 'ada')
    expect(await failureOf(notes.crossAppAccess({ identityProvider, subjectToken: foreign }))).toMatchObject({
      code: 'invalid_grant',
    })
    const subjectToken = await company.idToken('portal', 'ada')
    const orders = sourceOf(idp, 'orders')
    expect(await failureOf(orders.crossAppAccess({ identityProvider, subjectToken }))).toMatchObject({
      code: 'invalid_grant',
      status: 400,
    })
  })
})

describe('at a real provider, a service', () => {
  test('acts for the person whose token it was given, and for nobody by a token for another service', async () => {
    const orders = sourceOf(idp, 'orders')
    const tokenFor = async (audience: string, scope: string) => {
      const client = await idp.provider.Client.find('portal')
      const grantId = await new idp.provider.Grant({ clientId: 'portal', accountId: 'ada' }).save()
      const members = { accountId: 'ada', client, grantId, gty: 'authorization_code', scope }
      const token = new idp.provider.AccessToken(members as never)
      const format = { accessTokenFormat: 'jwt', jwt: { sign: { alg: 'RS256' } } } as const
      token.resourceServer = new idp.provider.ResourceServer(audience, { scope, ...format })
      return token.save()
    }
    const token = await orders.onBehalfOf({
      assertion: await tokenFor('https://orders', 'orders:read'),
      scope: 'pages:read',
    })
    expect(await claimsOf(idp, token)).toMatchObject({ sub: 'ada', client_id: 'orders', scope: 'pages:read' })
    const foreign = await tokenFor(api, 'pages:read')
    expect(await failureOf(orders.onBehalfOf({ assertion: foreign, scope: 'pages:read' }))).toMatchObject({
      code: 'invalid_grant',
      status: 400,
    })
  })
})
