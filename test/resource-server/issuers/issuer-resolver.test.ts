import { describe, expect, test } from '@jest/globals'
import { IssuerResolver } from '../../../lib/resource-server/issuers/issuer-resolver.js'
import { reasonOf, testApi } from '../../kit/resource-server/api.js'
import { apiProvider } from '../../kit/provider/provider.js'
import { pastDeadline } from '../../kit/timers.js'
import { settled } from '../../kit/until.js'

const never = () => new Promise<undefined>(() => undefined)

describe('RE02: a resolver that never settles', () => {
  test('RE02: is given up after httpTimeoutSeconds with 503, and is asked again for the next token', async () => {
    const issuer = apiProvider()
    let answer: () => unknown = never
    const { accept, refuse } = testApi({ issuer: () => answer(), httpTimeoutSeconds: 30 }, issuer)
    const error = await pastDeadline(30, () => refuse(issuer.accessToken()))
    expect(error).toMatchObject({ status: 503, code: 'provider_timeout' })
    expect(error.headers['Retry-After']).toMatch(/^\d+$/)
    answer = () => ({})
    await accept(issuer.accessToken())
  })

  test('RE02: for a hundred issuers does not keep others out once it is given up', async () => {
    const issuer = apiProvider()
    const resolver = (name: string) => (name === issuer.issuer ? {} : never())
    const { accept, refuse } = testApi({ issuer: resolver, httpTimeoutSeconds: 30 }, issuer)
    const hang = (_: unknown, i: number) => refuse(issuer.accessToken({ iss: `https://s${i}.example.com` }))
    const hung = await pastDeadline(30, () => Promise.all(Array.from({ length: 100 }, hang)))
    for (const error of hung) expect(error.status).toBe(503)
    await accept(issuer.accessToken())
  })
})

test('RE02: lookups of a hundred invented issuers keep out strangers, and no issuer that was known before', async () => {
  const issuer = apiProvider()
  const answers: ((answer: undefined) => void)[] = []
  const late = () => new Promise((resolve) => answers.push(resolve))
  const resolver = (name: string) => (name === issuer.issuer ? {} : late())
  const { accept, refuse } = testApi({ issuer: resolver, httpTimeoutSeconds: 60 }, issuer)
  await accept(issuer.accessToken())
  issuer.clock.seconds += 300
  const ofStranger = (i: number) => refuse(issuer.accessToken({ iss: `https://s${i}.example.com` }))
  const waiting = Array.from({ length: 100 }, (_, i) => ofStranger(i))
  await accept(issuer.accessToken())
  expect((await ofStranger(100)).message).toBe('too many lookups of issuers are under way')
  for (const answer of answers) answer(undefined)
  await Promise.all(waiting)
})

describe('RE01: the cache of a resolver', () => {
  test('RE01: has 5000 issuers, and forgets first what was used the longest time ago', async () => {
    const resolver = new IssuerResolver(() => ({}), {}, apiProvider().settings)
    const nameOf = (index: number) => `https://t${index}.example.com`
    for (let index = 0; index < 5000; index++) await resolver.get(nameOf(index))
    expect(resolver.all()).toHaveLength(5000)
    expect(resolver.peek(nameOf(0))).toBeDefined()
    await resolver.get(nameOf(5000))
    expect([0, 1, 2, 5000].map((index) => resolver.peek(nameOf(index)) !== undefined)).toEqual([
      true,
      false,
      true,
      true,
    ])
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

describe('RE03: after close()', () => {
  test('RE03: the resolver is not asked, and nothing is fetched from an issuer that it would have known', async () => {
    const issuer = apiProvider()
    let asked = 0
    const resolver = () => {
      asked += 1
      return {}
    }
    const { refuse, validator } = testApi({ issuer: resolver }, issuer)
    validator.close()
    expect(await refuse(issuer.accessToken())).toMatchObject({ status: 503, code: 'provider_unreachable' })
    expect([asked, issuer.requests]).toEqual([0, []])
  })

  test('RE03: nothing is fetched from an issuer about which the resolver was asked before', async () => {
    const issuer = apiProvider()
    let answer: (known: unknown) => void = () => undefined
    const resolver = () =>
      new Promise((resolve) => {
        answer = resolve
      })
    const { refuse, validator } = testApi({ issuer: resolver }, issuer)
    const refused = refuse(issuer.accessToken())
    await settled()
    validator.close()
    answer({})
    expect((await refused).status).toBe(503)
    expect(issuer.requests).toEqual([])
  })

  test.each([
    ['replaced', { audience: 'another-api' }],
    ['withdrawn', undefined],
  ])('RE03: requests to an issuer that the resolver has %s end too', async (_what, next) => {
    const issuer = apiProvider()
    let answer: unknown = {}
    const { refuse, validator } = testApi({ issuer: () => answer, httpTimeoutSeconds: 60 }, issuer)
    issuer.intercept = () => new Promise(() => undefined)
    const first = refuse(issuer.accessToken())
    await settled()
    answer = next
    issuer.clock.seconds += 300
    const second = refuse(issuer.accessToken())
    await settled()
    validator.close()
    expect((await first).status).toBe(503)
    expect([401, 503]).toContain((await second).status)
  })
})

test('RE01: an issuer that was replaced a hundred replacements ago is closed', async () => {
  const issuer = apiProvider()
  let round = 0
  const api = testApi({ issuer: () => ({ audience: `api-${round}` }), httpTimeoutSeconds: 60 }, issuer)
  issuer.intercept = () => new Promise(() => undefined)
  const first = api.refuse(issuer.accessToken({ aud: 'api-0' }))
  await settled()
  issuer.intercept = undefined
  for (round = 1; round <= 101; round += 1) {
    issuer.clock.seconds += 300
    await api.accept(issuer.accessToken({ aud: `api-${round}` }))
  }
  expect(await first).toMatchObject({ status: 503, code: 'provider_unreachable' })
})
