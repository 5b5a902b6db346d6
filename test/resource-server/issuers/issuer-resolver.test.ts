import { describe, expect, test } from '@jest/globals'
import { reasonOf, testApi } from '../../kit/resource-server/api.js'
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

describe('BR16: a token that was seen before', () => {
  const seen = async () => {
    const issuer = apiProvider()
    const world: { answer: unknown; asked: number } = { answer: {}, asked: 0 }
    const resolver = () => {
      world.asked += 1
      return world.answer
    }
    const api = testApi({ issuer: resolver, cache: { ttlSeconds: 3600 } }, issuer)
    const token = issuer.accessToken({ exp: issuer.clock.seconds + 7200 })
    for (let i = 0; i < 4; i++) await api.accept(token)
    expect(world.asked).toBe(1)
    return { ...api, token, world }
  }

  test('BR16: is judged by what the resolver says five minutes later, when it names another audience', async () => {
    const { issuer, accept, refuse, token, world } = await seen()
    world.answer = { audience: 'another-api' }
    issuer.clock.seconds += 299
    await accept(token)
    issuer.clock.seconds += 1
    expect(reasonOf(await refuse(token))).toBe('token_audience_mismatch')
  })

  test('BR16: is refused five minutes later, when the resolver does not know its issuer any more', async () => {
    const { issuer, refuse, token, world } = await seen()
    world.answer = undefined
    issuer.clock.seconds += 300
    expect(reasonOf(await refuse(token))).toBe('token_issuer_mismatch')
  })

  test('BR16: stays cached while the resolver says the same', async () => {
    const { issuer, accept, token, world } = await seen()
    issuer.clock.seconds += 300
    const { claims } = await accept(token)
    expect(world.asked).toBe(2)
    expect((await accept(token)).claims).toBe(claims)
  })
})
