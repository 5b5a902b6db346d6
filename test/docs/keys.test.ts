import { beforeEach, describe, expect, test } from '@jest/globals'
import * as crypto from 'node:crypto'
import express from 'express'
import request from 'supertest'
import * as library from '../../lib/index.js'
import { type TestProvider, testProvider } from '../../lib/testing/index.js'
import { signingKey } from '../kit/provider/keys.js'
import { runSnippet } from '../snippets/run.js'

const { privateKey } = signingKey('RS256')
const service = signingKey('ES256')
const pem = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()

let provider: TestProvider
let app: express.Express
beforeEach(async () => {
  provider = await testProvider({ clients: { web: { publicKey: service.jwk } } })
  app = express()
})

/** Runs a snippet, in front of a file of the key. */
function run(words: string): Promise<void> {
  const options = provider.options.oidc
  const readFileSync = (path: string) => (path === 'keys/2026.pem' ? pem : '')
  return runSnippet('docs/keys.md', words, {
    modules: {
      'node:crypto': { ...crypto, generateKeyPairSync: () => service },
      'node:fs': { readFileSync },
      'express-oidc': { ...library, optionsFromEnv: () => options },
    },
    globals: { app, oidc: library.oidc, options },
  })
}

const published = async () =>
  ((await request(app).get('/jwks.json')).body as { keys: readonly Record<string, unknown>[] }).keys
const { n, e } = privateKey.export({ format: 'jwk' })

describe('the snippets about keys', () => {
  test('publish the public half of the key from the file', async () => {
    await run("clientAuthentication: 'private_key_jwt'")
    const keys = await published()
    expect(keys).toMatchObject([{ kty: 'RSA', n, e, use: 'sig' }])
    expect(keys[0]).not.toHaveProperty('d')
  })

  test('publish it by a route of the application', async () => {
    await run('createPublicKey')
    expect(await published()).toEqual([{ kty: 'RSA', n, e, kid: '2026', alg: 'PS256', use: 'sig' }])
  })

  test('have a function sign what is sent to the provider', async () => {
    await run('Stands for a call of your KMS')
    const { cookie } = await provider.signIn(request(app), 'alice')
    expect(cookie).toMatch(/=/)
  })
})
