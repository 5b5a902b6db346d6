import { beforeEach, describe, expect, test } from '@jest/globals'
import { clientCredentials, createBearerValidator } from '../../lib/index.js'
import { type TestProvider, testProvider } from '../../lib/testing/index.js'
import { failureOf } from '../kit/failure.js'

const billing = 'https://billing.example.com'
const clients = {
  gateway: { clientSecret: 'the-secret-of-the-gateway-for-tests' },
  machine: { clientSecret: 'the-secret-of-the-machine-for-tests' },
}

let provider: TestProvider
beforeEach(async () => {
  provider = await testProvider({ clients })
})
const sourceOf = (clientId: keyof typeof clients) =>
  clientCredentials({ ...provider.options.clientCredentials, clientId, ...clients[clientId] })
const personsToken = (sub: string) => provider.accessToken({ sub, scope: 'openid bills:read', clientId: 'gateway' })

describe('at a provider that exchanges tokens, a machine', () => {
  test('gets a token for the next service about the person, for that service alone', async () => {
    const gateway = sourceOf('gateway')
    const api = createBearerValidator({ ...provider.options.bearer, audience: billing })
    const elsewhere = createBearerValidator(provider.options.bearer)
    const request = { subjectToken: personsToken('alice'), resource: billing, scope: 'bills:read' }
    const token = await gateway.exchange(request)
    const principal = await api.validate(`Bearer ${token}`)
    expect(principal).toMatchObject({ subject: 'alice', clientId: 'gateway', claims: { act: { sub: 'gateway' } } })
    expect([...principal.scopes]).toEqual(['bills:read'])
    expect(await failureOf(elsewhere.validate(`Bearer ${token}`))).toMatchObject({ code: 'invalid_token' })
    expect(await gateway.exchange(request)).toBe(token)
    const bob = await gateway.exchange({ ...request, subjectToken: personsToken('bob') })
    expect(await api.validate(`Bearer ${bob}`)).toMatchObject({ subject: 'bob' })
  })

  test('gets no token for a person whose token is invalid', async () => {
    const subjectTokens = ['made-up', provider.accessToken.expired({ sub: 'alice' }), provider.accessToken.forged()]
    for (const subjectToken of subjectTokens) {
      const refused = { name: 'TokenEndpointError', code: 'token_request_failed', status: 502 }
      expect(await failureOf(sourceOf('gateway').exchange({ subjectToken, resource: billing }))).toMatchObject(refused)
    }
  })

  test('gets none where the provider does not know it', async () => {
    const machine = clientCredentials({ ...provider.options.clientCredentials, clientId: 'machine', clientSecret: 'x' })
    const exchange = machine.exchange({ subjectToken: personsToken('alice') })
    expect(await failureOf(exchange)).toMatchObject({ code: 'provider_refused_client' })
  })
})
