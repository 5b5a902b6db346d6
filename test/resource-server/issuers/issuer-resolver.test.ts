import { describe, expect, test } from '@jest/globals'
import { testApi } from '../../kit/resource-server/api.js'
import { apiProvider } from '../../kit/provider/provider.js'

const never = () => new Promise<undefined>(() => undefined)

describe('RE02: a resolver that never settles', () => {
  test('RE02: is given up after httpTimeoutSeconds with 503, and is asked again for the next token', async () => {
    const issuer = apiProvider()
    let answer: () => unknown = never
    const { accept, refuse } = testApi({ issuer: () => answer(), httpTimeoutSeconds: 0.1 }, issuer)
    const error = await refuse(issuer.accessToken())
    expect(error).toMatchObject({ status: 503, code: 'provider_timeout' })
    expect(error.headers['Retry-After']).toMatch(/^\d+$/)
    answer = () => ({})
    await accept(issuer.accessToken())
  })

  test('RE02: for a hundred issuers does not keep others out once it is given up', async () => {
    const issuer = apiProvider()
    const resolver = (name: string) => (name === issuer.issuer ? {} : never())
    const { accept, refuse } = testApi({ issuer: resolver, httpTimeoutSeconds: 0.1 }, issuer)
    const hung = Array.from({ length: 100 }, (_, i) => refuse(issuer.accessToken({ iss: `https://s${i}.example.com` })))
    for (const error of await Promise.all(hung)) expect(error.status).toBe(503)
    await accept(issuer.accessToken())
  })
})
