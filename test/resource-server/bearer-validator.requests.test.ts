import { afterEach, describe, expect, test } from '@jest/globals'
import { ConfigurationError } from '../../lib/errors.js'
import { type BearerValidator, createBearerValidator } from '../../lib/resource-server/bearer-validator.js'
import { failureOf } from '../kit/failure.js'
import { apiProvider, audience } from '../kit/provider/provider.js'
import { refusalOf, testApi } from '../kit/resource-server/api.js'
import { apiUrl, proofClient } from '../kit/resource-server/proof.js'

const created: BearerValidator[] = []
afterEach(() => {
  for (const validator of created.splice(0)) validator.close()
})

/** The options with the clock of the machine, as an application has it. */
function validatorOf(options: Record<string, unknown> = {}, issuer = apiProvider()): BearerValidator {
  const given = { issuer: issuer.issuer, audience, fetch: issuer.fetch, ...options }
  const validator = createBearerValidator(given)
  created.push(validator)
  return validator
}

describe('createBearerValidator()', () => {
  test('validates tokens by the clock of the machine', async () => {
    const issuer = apiProvider()
    const now = Math.floor(Date.now() / 1000)
    const token = issuer.accessToken({ iat: now, exp: now + 60 })
    await expect(validatorOf({}, issuer).validate(`Bearer ${token}`)).resolves.toMatchObject({ subject: 'alice' })
    const late = validatorOf({ clockToleranceSeconds: 0 }, issuer)
    const old = issuer.accessToken({ iat: now - 60, exp: now - 1 })
    expect(await refusalOf(late.validate(`Bearer ${old}`))).toMatchObject({ cause: { code: 'token_expired' } })
  })

  test('names itself where an option is wrong', async () => {
    const error = await failureOf(() => validatorOf({ audience: undefined, dpop: 'always' }))
    expect(error).toBeInstanceOf(ConfigurationError)
    expect(error.code).toBe('invalid_options')
    expect(error.message).toMatch(/^createBearerValidator\(\): invalid options\n {2}- "/)
  })

  test('has no use for API keys, which are in a header of their own', async () => {
    const error = await failureOf(() => validatorOf({ apiKey: { header: 'x-api-key', verify: () => undefined } }))
    expect(error).toBeInstanceOf(ConfigurationError)
    expect(error).toMatchObject({
      code: 'invalid_options',
      message: 'createBearerValidator(): invalid options\n  - "apiKey" is for bearer() only: there is no header here',
    })
  })

  test('fetches ahead, tells its state, and nothing more once it is closed', async () => {
    const issuer = apiProvider()
    const validator = validatorOf({}, issuer)
    expect(validator.health()).toEqual([{ issuer: issuer.issuer, metadata: 'unknown', keys: 'unknown' }])
    await validator.ready()
    expect(issuer.requests).toHaveLength(2)
    expect(validator.health()).toMatchObject([{ issuer: issuer.issuer, metadata: 'fresh', keys: 'fresh' }])
    const closed = validatorOf({}, issuer)
    closed.close()
    expect(await failureOf(closed.ready())).toMatchObject({ code: 'provider_unreachable', status: 503 })
    expect(issuer.requests).toHaveLength(2)
  })
})

describe('a request that is validated', () => {
  const bound = (dpop: unknown = 'required') => {
    const api = testApi({ dpop })
    const client = proofClient(api.issuer)
    const token = client.token()
    return { ...api, client, token, authorization: `DPoP ${token}` }
  }

  test('is a GET unless it says otherwise, and may have one proof, or a list of one', async () => {
    const { validator, client, token, authorization } = bound()
    const proof = (htm: string) => client.proof(token, { claims: { htm } })
    await validator.validate(authorization, { url: apiUrl, dpop: proof('GET') })
    await validator.validate(authorization, { url: apiUrl, dpop: [proof('GET')] })
    await validator.validate(authorization, { url: apiUrl, method: 'PUT', dpop: proof('PUT') })
    const post = validator.validate(authorization, { url: apiUrl, dpop: proof('POST') })
    expect(await refusalOf(post)).toMatchObject({ code: 'invalid_dpop_proof' })
  })

  test('has no proof, no URL and no certificate unless it says so', async () => {
    const { validator, client, token, authorization } = bound()
    const proofMissing = { cause: { message: 'the DPoP proof is refused: there must be exactly one proof' } }
    expect(await refusalOf(validator.validate(authorization))).toMatchObject(proofMissing)
    expect(await refusalOf(validator.validate(authorization, { url: apiUrl }))).toMatchObject(proofMissing)
    expect(await refusalOf(validator.validate(authorization, { dpop: client.proof(token) }))).toMatchObject({
      cause: { message: 'the DPoP proof is refused: htu does not match the URL' },
    })
    const { issuer, refuse, accept } = testApi({ mtls: { source: 'socket' } })
    const x5t = 'A'.repeat(43)
    const withCertificate = issuer.accessToken({ cnf: { 'x5t#S256': x5t } })
    await accept(withCertificate, { certificateThumbprint: x5t })
    expect((await refuse(withCertificate)).status).toBe(401)
  })

  test('is told of a new nonce only if it wants to know', async () => {
    const { validator, issuer, client } = bound({ mode: 'required', nonce: true })
    const token = client.token({ exp: issuer.clock.seconds + 900 })
    const nonces: string[] = []
    const send = (nonce: unknown, more = {}) =>
      validator.validate(`DPoP ${token}`, {
        url: apiUrl,
        dpop: client.proof(token, { claims: { nonce, iat: issuer.clock.seconds } }),
        ...more,
      })
    const first = (await refusalOf(send(undefined))).headers['DPoP-Nonce']
    issuer.clock.seconds += 300
    await send(first)
    await send(first, { onNonce: (nonce: string) => nonces.push(nonce) })
    expect(nonces).toEqual([expect.stringMatching(/^[\w-]{43}$/)])
  })

  test('may have an Authorization header of 262144 characters', async () => {
    const { validator } = testApi()
    const headerOf = (length: number) => `Bearer ${'x'.repeat(length - 'Bearer '.length)}`
    expect(await refusalOf(validator.validate(headerOf(262_144)))).toMatchObject({ code: 'invalid_token' })
    expect(await refusalOf(validator.validate(headerOf(262_145)))).toMatchObject({
      code: 'invalid_request',
      message: 'the Authorization header is too long',
    })
  })
})
