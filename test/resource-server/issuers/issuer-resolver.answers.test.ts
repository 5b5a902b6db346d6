import { describe, expect, test } from '@jest/globals'
import { ConfigurationError, ProviderError } from '../../../lib/errors.js'
import { publicJwk, signingKey } from '../../kit/provider/keys.js'
import { apiProvider, type FakeProvider } from '../../kit/provider/provider.js'
import { settled } from '../../kit/until.js'
import { reasonOf, refusalOf, testApi } from '../../kit/resource-server/api.js'

/** An API whose resolver answers what the world says, and counts. */
function resolving(options: Record<string, unknown> = {}, issuer = apiProvider()) {
  const world: { answer: unknown; readonly asked: string[] } = { answer: {}, asked: [] }
  const resolver = (name: string) => {
    world.asked.push(name)
    return world.answer
  }
  return { ...testApi({ issuer: resolver, ...options }, issuer), world }
}

const keyRequests = (issuer: FakeProvider) => issuer.count('/jwks')

describe('a resolver', () => {
  test('is asked about names of up to 1024 characters that are URLs, and about no others', async () => {
    const { issuer, refuse, world } = resolving()
    world.answer = undefined
    const nameOf = (length: number) => 'https://x.example/'.padEnd(length, 'x')
    for (const iss of [nameOf(1024), nameOf(1025), 'issuer.example.com', '', '//x.example', 'x'.repeat(1024)]) {
      expect(reasonOf(await refuse(issuer.accessToken({ iss })))).toBe('token_issuer_mismatch')
    }
    expect(world.asked).toEqual([nameOf(1024)])
  })

  test('is asked again about an issuer after 300 seconds', async () => {
    const { issuer, accept, world } = resolving()
    await accept(issuer.accessToken())
    issuer.clock.seconds += 299.9
    await accept(issuer.accessToken())
    expect(world.asked).toHaveLength(1)
    issuer.clock.seconds += 0.1
    await accept(issuer.accessToken())
    expect(world.asked).toEqual([issuer.issuer, issuer.issuer])
  })

  test.each([[undefined], [null]])(
    'is asked again about a stranger after 60 seconds, to which it says %p',
    async (stranger) => {
      const { issuer, accept, refuse, world } = resolving()
      world.answer = stranger
      const refused = async () => expect(reasonOf(await refuse(issuer.accessToken()))).toBe('token_issuer_mismatch')
      await refused()
      issuer.clock.seconds += 59.9
      await refused()
      expect(world.asked).toHaveLength(1)
      issuer.clock.seconds += 0.1
      await refused()
      expect(world.asked).toHaveLength(2)
      world.answer = {}
      issuer.clock.seconds += 60
      await accept(issuer.accessToken())
      expect(world.asked).toHaveLength(3)
    },
  )

  test('that says the same again leaves the keys as they are, and another answer gets keys of its own', async () => {
    const { issuer, accept, refuse, world } = resolving()
    await accept(issuer.accessToken())
    for (const [answer, requests] of [
      [{}, 1],
      [{ clients: ['web'] }, 2],
      [{ clients: ['web'] }, 2],
      [{ clients: ['mobile', 'web'] }, 3],
    ] as const) {
      world.answer = answer
      issuer.clock.seconds += 300
      await accept(issuer.accessToken())
      expect(keyRequests(issuer)).toBe(requests)
    }
    world.answer = { clients: ['mobile'] }
    issuer.clock.seconds += 300
    expect(reasonOf(await refuse(issuer.accessToken()))).toBe('token_claim_invalid')
  })

  test('is asked once by all who wait for the same answer, and again once that has come', async () => {
    let asked = 0
    let answer: (value: unknown) => void = () => undefined
    const resolver = () => {
      asked++
      return new Promise((resolve) => (answer = resolve))
    }
    const { issuer, refuse } = testApi({ issuer: resolver })
    const waiting = [1, 2, 3].map(() => refuse(issuer.accessToken({ aud: 'x' })))
    await new Promise((resolve) => setImmediate(resolve))
    answer({})
    for (const error of await Promise.all(waiting)) expect(reasonOf(error)).toBe('token_audience_mismatch')
    expect(asked).toBe(1)
    issuer.clock.seconds += 300
    const late = refuse(issuer.accessToken({ aud: 'x' }))
    await new Promise((resolve) => setImmediate(resolve))
    answer(undefined)
    expect(reasonOf(await late)).toBe('token_issuer_mismatch')
    expect(asked).toBe(2)
  })

  test('is asked about a hundred issuers at a time', async () => {
    const answers: ((value: unknown) => void)[] = []
    const { issuer, refuse } = testApi({ issuer: () => new Promise((resolve) => answers.push(resolve)) })
    const tokenOf = (i: number) => issuer.accessToken({ iss: `https://s${i}.example.com` })
    const waiting = Array.from({ length: 100 }, (_, i) => refuse(tokenOf(i)))
    expect(await refuse(tokenOf(100))).toMatchObject({
      status: 503,
      code: 'provider_unavailable',
      message: 'too many lookups of issuers are under way',
      headers: { 'Retry-After': '1' },
    })
    expect(answers).toHaveLength(100)
    for (const answer of answers) answer(undefined)
    for (const error of await Promise.all(waiting)) expect(reasonOf(error)).toBe('token_issuer_mismatch')
    const next = refuse(tokenOf(101))
    await new Promise((resolve) => setImmediate(resolve))
    answers[100]?.(undefined)
    expect((await next).status).toBe(401)
  })

  test('that fails is an outage, and is asked again for the next token', async () => {
    const { issuer, accept, refuse, world } = resolving()
    world.answer = Promise.reject(new Error('hunter2'))
    const error = await refuse(issuer.accessToken())
    expect(error).toBeInstanceOf(ProviderError)
    expect(error).toMatchObject({
      ...{ status: 503, code: 'provider_unavailable', headers: { 'Retry-After': '5' } },
      message: 'the function in "issuer" failed',
    })
    expect(`${error.message} ${String(error.cause)}`).not.toContain('hunter2')
    world.answer = {}
    await accept(issuer.accessToken())
    expect(world.asked).toHaveLength(2)
  })

  test('may fail with an error of this package, which stays as it is', async () => {
    const { issuer, refuse, world } = resolving()
    const own = new ProviderError('provider_timeout', 'too slow', { headers: { 'Retry-After': '9' } })
    world.answer = Promise.reject(own)
    expect(await refuse(issuer.accessToken())).toBe(own)
  })
})

describe('an issuer of a resolver', () => {
  test('is not closed while the resolver says the same of it, however many others are replaced', async () => {
    const [stable, changing] = [
      apiProvider({ issuer: 'https://stable.example.com' }),
      apiProvider({ issuer: 'https://changing.example.com' }),
    ]
    let round = 0
    const resolver = (name: string) => (name === stable.issuer ? {} : { audience: `api-${round}` })
    const fetch = (input: string) => (input.startsWith(stable.issuer) ? stable.fetch(input) : changing.fetch(input))
    const { accept, validator } = testApi({ issuer: resolver, fetch }, stable)
    for (; round < 103; round++) {
      if (round < 2) await accept(stable.accessToken())
      await accept(
        changing.accessToken({ aud: `api-${round}`, iat: stable.clock.seconds, exp: stable.clock.seconds + 9 }),
      )
      if (round < 102) stable.clock.seconds += 300
    }
    stable.rotateKeys()
    await accept(stable.accessToken())
    validator.close()
    const { issuer, clock } = stable
    const late = validator.validate(`Bearer ${stable.accessToken({ iss: `${issuer}/other`, iat: clock.seconds })}`)
    expect(await refusalOf(late)).toMatchObject({
      ...{ status: 503, code: 'provider_unreachable', message: 'the connections to issuers are closed' },
    })
  })
})

test('requests to an issuer that the resolver knows end on close()', async () => {
  const { issuer, refuse, validator } = resolving({ httpTimeoutSeconds: 60 })
  issuer.intercept = () => new Promise(() => undefined)
  const refused = refuse(issuer.accessToken())
  await settled()
  validator.close()
  expect(await refused).toMatchObject({ status: 503, code: 'provider_unreachable' })
})

test('a cached token is judged anew once another one has shown that the resolver has changed its mind', async () => {
  const { issuer, accept, refuse, world } = resolving({ cache: { ttlSeconds: 3600 } })
  const token = issuer.accessToken({ exp: issuer.clock.seconds + 3600 })
  for (let i = 0; i < 3; i++) await accept(token)
  world.answer = { audience: 'another' }
  issuer.clock.seconds += 300
  await accept(issuer.accessToken({ aud: 'another' }))
  expect(world.asked).toHaveLength(2)
  expect(reasonOf(await refuse(token))).toBe('token_audience_mismatch')
})

describe('the answer of a resolver', () => {
  test.each([
    [{ audiance: 'x' }, /^issuer\(\): invalid options\n {2}- "audiance" is not an option/],
    ['x', /^issuer\(\): invalid options\n {2}- options must be an object/],
    [false, /^issuer\(\): invalid options\n/],
    [{ jwksUri: 'https://x.example', publicKey: 'x' }, /^issuer\(\): invalid options\n/],
    [
      { profile: 'external', audience: null },
      /^issuer\(\): profile "external" of https:\/\/issuer\.example\.com needs an "audience"$/,
    ],
  ])('is a mistake of the application as %j', async (answer, message) => {
    const { issuer, refuse, world } = resolving()
    world.answer = answer
    const error = await refuse(issuer.accessToken())
    expect(error).toBeInstanceOf(ConfigurationError)
    expect(error).toMatchObject({ status: 500, code: 'invalid_options', message: expect.stringMatching(message) })
  })

  test('leaves to the options what it does not say, or says to be undefined', async () => {
    for (const answer of [{}, { algorithms: undefined, clients: undefined, profile: undefined, audience: undefined }]) {
      const { issuer, accept, refuse, world } = resolving({ algorithms: ['ES256'], clients: ['web'], profile: 'jwt' })
      world.answer = answer
      await accept(issuer.accessToken({}, { typ: 'JWT' }))
      expect(reasonOf(await refuse(issuer.accessToken({ client_id: 'x' })))).toBe('token_claim_invalid')
      expect(reasonOf(await refuse(issuer.accessToken({ aud: 'x' })))).toBe('token_audience_mismatch')
      expect(reasonOf(await refuse(issuer.accessToken({}, { alg: 'ES384' })))).toBe('token_algorithm_refused')
    }
  })

  test('counts more than the options', async () => {
    const { issuer, accept, refuse, world } = resolving({ algorithms: ['ES384'], clients: ['x'] })
    world.answer = { algorithms: ['ES256'], clients: ['web'], audience: null, profile: 'jwt' }
    await accept(issuer.accessToken({ aud: undefined }, { typ: 'JWT' }))
    expect(reasonOf(await refuse(issuer.accessToken({ client_id: 'x' })))).toBe('token_claim_invalid')
  })

  test('takes the keys of the options, or has keys of its own, and never both', async () => {
    const own = signingKey()
    const pem = own.publicKey.export({ type: 'spki', format: 'pem' })
    const jwks = { keys: [publicJwk(own)] }
    const secret = 'a-secret-of-more-than-thirty-two-bytes!'
    const issuer = apiProvider()
    const [published] = issuer.keys
    if (published === undefined) throw new Error('no key')
    const options = { jwks: { keys: [publicJwk(published)] }, algorithms: ['ES256'] }
    for (const [answer, isOwn] of [
      [{}, false],
      [{ jwks }, true],
      [{ publicKey: pem }, true],
      [{ jwks: undefined, publicKey: pem }, true],
      [{ jwksUri: `${issuer.issuer}/other-jwks` }, true],
    ] as const) {
      issuer.answers['/other-jwks'] = () => Response.json(jwks)
      const { accept, refuse, world } = resolving(options, issuer)
      world.answer = answer
      const [good, bad] = isOwn ? [own, published] : [published, own]
      await accept(issuer.accessToken({}, {}, good))
      expect((await refuse(issuer.accessToken({}, {}, bad))).status).toBe(401)
    }
    const { refuse, world } = resolving(options, issuer)
    world.answer = { secret, algorithms: ['HS256'] }
    expect(reasonOf(await refuse(issuer.accessToken()))).toBe('token_algorithm_refused')
  })

  test('makes an issuer of plain http one that is only a name, with keys of its own, and else a mistake', async () => {
    const issuer = apiProvider({ issuer: 'http://adfs.example.com' })
    const { accept, refuse, world } = resolving({}, issuer)
    expect(await refuse(issuer.accessToken())).toMatchObject({
      code: 'invalid_options',
      message: 'issuer must be an https URL without query and fragment (plain http is for loopback hosts only)',
    })
    world.answer = { jwks: { keys: issuer.keys.map(publicJwk) } }
    issuer.clock.seconds += 300
    await accept(issuer.accessToken())
    expect(issuer.requests).toEqual([])
  })
})

describe('the state of the issuers of a resolver', () => {
  test('is that of those it knew last', async () => {
    const { issuer, accept, refuse, validator, world } = resolving()
    expect(validator.health()).toEqual([])
    await validator.ready()
    expect(world.asked).toEqual([])
    await accept(issuer.accessToken())
    expect(validator.health()).toMatchObject([{ issuer: issuer.issuer, metadata: 'fresh', keys: 'fresh' }])
    world.answer = undefined
    issuer.clock.seconds += 300
    await refuse(issuer.accessToken())
    expect(validator.health()).toEqual([])
  })
})
