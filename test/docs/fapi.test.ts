import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import express from 'express'
import { decodeProtectedHeader } from 'jose'
import request from 'supertest'
import * as library from '../../lib/index.js'
import { signedIn, testProvider } from '../../lib/testing/index.js'
import { signingKey } from '../kit/provider/keys.js'
import { comeBack, subjectOf, toCallback } from '../kit/world/steps.js'
import { startWorld, type World } from '../kit/world/world.js'
import { runSnippet } from '../snippets/run.js'

const page = 'docs/fapi.md'
const pem = (alg: string) => signingKey(alg).privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()
const files: Readonly<Record<string, string>> = { 'keys/2026.pem': pem('PS256'), 'keys/dpop.pem': pem('ES256') }

/** What a snippet of the guide gives to `oidc()`. */
async function optionsIn(words: string): Promise<Partial<library.OidcOptions>> {
  let given: Partial<library.OidcOptions> = {}
  const oidc = (options: Partial<library.OidcOptions>) => (given = options)
  const modules = {
    'node:fs': { readFileSync: (path: string) => files[path] },
    'express-oidc': { oidc, optionsFromEnv: () => ({}) },
  }
  await runSnippet(page, words, { modules, globals: { app: { use: () => undefined }, oidc, options: {} } })
  return given
}

let world: World
beforeAll(async () => {
  const options = { ...(await optionsIn('dpop:')), ...(await optionsIn("response_mode: 'jwt'")) }
  world = await startWorld({
    // The provider of the tests signs with ES256.
    oidc: { ...options, clientSecret: undefined, idTokenSigningAlg: 'ES256', authorizationResponseAlg: 'ES256' },
    client: (baseUrl) => ({
      token_endpoint_auth_method: 'private_key_jwt',
      token_endpoint_auth_signing_alg: 'PS256',
      jwks_uri: `${baseUrl}/jwks.json`,
      id_token_signed_response_alg: 'ES256',
      authorization_signed_response_alg: 'ES256',
      dpop_bound_access_tokens: true,
      require_pushed_authorization_requests: true,
      require_signed_request_object: true,
      request_object_signing_alg: 'PS256',
    }),
  })
})
afterAll(() => world.close())

describe('the options of the FAPI guide', () => {
  test('sign in at a real provider that requires all of them', async () => {
    const url = await toCallback(world)
    expect([...url.searchParams.keys()]).toEqual(['response'])
    expect(decodeProtectedHeader(url.searchParams.get('response') ?? '').alg).toBe('ES256')
    await comeBack(url, world.browser)
    expect(await subjectOf(world, world.browser)).toBe('alice')
    expect(world.provider.requests).toContain('POST /request')
  })
})

describe('the payment of the FAPI guide', () => {
  test('is asked for by the login, and lets those transfer who were granted it', async () => {
    const provider = await testProvider()
    const auth = library.oidc(provider.options.oidc)
    const app = express().use(auth)
    const transfer = (_req: express.Request, res: express.Response) => void res.json('done')
    await runSnippet(page, 'toThisCreditor', { modules: { 'express-oidc': library }, globals: { app, transfer } })
    const asked = new URL((await request(app).get('/pay/bob')).headers['location'] ?? '').searchParams
    const details = JSON.parse(asked.get('authorization_details') ?? '') as library.AuthorizationDetail[]
    expect(details).toEqual([{ type: 'payment', amount: '12.50', creditor: 'bob' }])
    const cookie = await signedIn(auth, { sub: 'alice' }, { authorizationDetails: details })
    const statusOf = async (creditor: string) =>
      (await request(app).post(`/transfers/${creditor}`).set('cookie', cookie)).status
    expect([await statusOf('bob'), await statusOf('mallory')]).toEqual([200, 403])
  })
})
