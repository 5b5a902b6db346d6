import { describe, expect, test } from '@jest/globals'
import { asymmetricAlgorithms } from '../../../lib/options/common/algorithms.js'
import { createTrustedIssuer } from '../../../lib/resource-server/issuers/trusted-issuer.js'
import { failureOf } from '../../kit/failure.js'
import { publicJwk } from '../../kit/provider/keys.js'
import { apiProvider, FakeProvider } from '../../kit/provider/provider.js'

type Configuration = Parameters<typeof createTrustedIssuer>[1]

function trusted(configuration: Partial<Configuration> = {}, issuer = apiProvider(), more: object = {}) {
  return createTrustedIssuer(issuer.issuer, { audience: ['api'], ...configuration }, { ...issuer.settings, ...more })
}

const jwksOf = (issuer: FakeProvider) => ({ jwks: { keys: issuer.keys.map(publicJwk) as Record<string, unknown>[] } })
const hanging = () => new Promise<never>(() => undefined)
const closed = { code: 'provider_unreachable', status: 503 }

describe('a trusted issuer', () => {
  test('has the rules of its options, and defaults for those that are missing', () => {
    const issuer = apiProvider()
    const plain = trusted({}, issuer)
    expect(plain).toMatchObject({ issuer: issuer.issuer, aliases: [], profile: 'rfc9068', audience: ['api'] })
    expect(plain.clients).toBeUndefined()
    expect(plain.subject).toEqual({ claim: 'sub', client: false, clientClaims: [], maxLength: 255 })
    expect([...plain.algorithms]).toEqual(asymmetricAlgorithms)
    const subject = { claim: 'oid', client: true, clientClaims: ['x'] }
    const rules = { profile: 'jwt', audience: null, clients: ['web'], subject } as const
    const own = trusted({ ...rules, clients: ['web'], issuerAliases: ['op'], algorithms: ['ES256'] }, issuer)
    expect(own).toMatchObject({ ...rules, aliases: ['op'] })
    expect([...own.algorithms]).toEqual(['ES256'])
    expect(own.subject.maxLength).toBe(255)
    expect(trusted({ profile: 'external', subject }, issuer).subject).toEqual({ ...subject, maxLength: 2048 })
  })

  test('is asked for its keys where its metadata say, or at jwksUri', async () => {
    const issuer = apiProvider()
    issuer.metadata = { ...issuer.metadata, code_challenge_methods_supported: ['plain'] }
    await trusted({}, issuer).ready()
    expect(issuer.requests).toEqual([`${issuer.issuer}/.well-known/openid-configuration`, `${issuer.issuer}/jwks`])
    issuer.seen.length = 0
    issuer.answers['/keys'] = () => Response.json(jwksOf(issuer).jwks)
    await trusted({ jwksUri: `${issuer.issuer}/keys` }, issuer).ready()
    expect(issuer.requests).toEqual([`${issuer.issuer}/keys`])
  })

  test('needs no member of its metadata up front', async () => {
    const issuer = apiProvider()
    issuer.metadata = { issuer: issuer.issuer }
    expect(await trusted({}, issuer).metadata.get()).toEqual({ issuer: issuer.issuer })
  })

  test('is reached as all are, unless there is a connection of its own', async () => {
    const [common, own] = [apiProvider(), apiProvider()]
    const connections = (name: string) => ({ connections: new Map([[name, { fetch: own.fetch }]]) })
    await trusted({}, common, connections('https://other.example.com')).ready()
    expect([common.requests.length, own.requests.length]).toEqual([2, 0])
    await trusted({}, common, connections(common.issuer)).ready()
    expect([common.requests.length, own.requests.length]).toEqual([2, 2])
  })

  test('tells the state of its metadata and keys', async () => {
    const issuer = apiProvider()
    const fetched = trusted({}, issuer)
    expect(fetched.health()).toEqual({ issuer: issuer.issuer, metadata: 'unknown', keys: 'unknown' })
    await fetched.ready()
    expect(fetched.health()).toMatchObject({ issuer: issuer.issuer, metadata: 'fresh', keys: 'fresh' })
    expect(trusted(jwksOf(issuer), issuer).health()).toEqual({
      issuer: issuer.issuer,
      metadata: 'unknown',
      keys: 'fresh',
    })
  })
})

describe('a trusted issuer of plain http', () => {
  const http = () => apiProvider({ issuer: 'http://adfs.example.com' })
  const wrong = { code: 'invalid_options', message: expect.stringContaining('issuer must be an https URL') }

  test('is a mistake unless it is only a name', async () => {
    const issuer = http()
    expect(await failureOf(() => trusted({}, issuer))).toMatchObject(wrong)
    expect(() => trusted(jwksOf(issuer), issuer)).not.toThrow()
    expect(() => trusted({ jwksUri: 'https://keys.example.com' }, issuer)).not.toThrow()
    expect(() => trusted({ discoveryUrl: 'https://meta.example.com' }, issuer)).not.toThrow()
    expect(() => trusted({}, issuer, { dangerouslyAllowHttp: true })).not.toThrow()
  })

  test('has no endpoints of plain http where its metadata are elsewhere', async () => {
    const issuer = http()
    issuer.metadata = { issuer: issuer.issuer, introspection_endpoint: 'http://adfs.example.com/introspect' }
    issuer.answers['/meta'] = () => Response.json(issuer.metadata)
    const own = trusted({ ...jwksOf(issuer), discoveryUrl: 'https://adfs.example.com/meta' }, issuer)
    expect(await own.metadata.get()).not.toHaveProperty('introspection_endpoint')
  })

  test('gives up requests for its metadata when it is closed', async () => {
    const issuer = http()
    issuer.intercept = hanging
    const own = trusted(jwksOf(issuer), issuer)
    const waiting = failureOf(own.metadata.get())
    await new Promise((resolve) => setImmediate(resolve))
    own.close()
    expect(await waiting).toMatchObject(closed)
  })
})

describe('a trusted issuer that is closed', () => {
  test('is asked nothing any more', async () => {
    const issuer = apiProvider()
    const own = trusted({}, issuer)
    own.close()
    for (const work of [
      own.ready(),
      own.metadata.get(),
      own.httpClient.request(`${issuer.issuer}/jwks`, { maxBytes: 9 }),
    ]) {
      expect(await failureOf(work)).toMatchObject(closed)
    }
    expect(issuer.requests).toEqual([])
  })

  test('is asked nothing any more for keys at jwksUri, and has those that are given', async () => {
    const issuer = apiProvider()
    const fetched = trusted({ jwksUri: `${issuer.issuer}/jwks` }, issuer)
    const given = trusted(jwksOf(issuer), issuer)
    for (const each of [fetched, given]) each.close()
    expect(await failureOf(fetched.ready())).toMatchObject(closed)
    expect(given.keys.find({ alg: 'ES256', kid: issuer.keys[0]?.kid })).toHaveLength(1)
  })

  test('gives up what is under way', async () => {
    const issuer = apiProvider()
    issuer.intercept = hanging
    const own = trusted({}, issuer)
    const waiting = failureOf(own.ready())
    await new Promise((resolve) => setImmediate(resolve))
    own.close()
    expect(await waiting).toMatchObject(closed)
  })
})
