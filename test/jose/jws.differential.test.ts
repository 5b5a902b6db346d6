import { afterAll, describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { type KeyObject, createSecretKey } from 'node:crypto'
import { type JWTVerifyGetKey, type JWTVerifyOptions, compactVerify, createLocalJWKSet, jwtVerify } from 'jose'
import { importKeySet } from '../../lib/jose/jwk-set.js'
import type { BearerError } from '../../lib/errors.js'
import { parseBearerOptions } from '../../lib/options/bearer/schema.js'
import { type BearerValidator, bearerValidator } from '../../lib/resource-server/bearer-validator.js'
import { differences, see } from './differences.js'
import { type Recipe, jsonOf, mutate, mutations, place, recipes, spell } from './generated-token.js'
import { type SigningKey, publicJwk, signHmac, signJws, signingKey } from '../kit/provider/keys.js'
import { audience } from '../kit/provider/provider.js'
import { vectors } from './vectors.js'
import { Clock } from '../kit/clock.js'

const algs = ['ES256', 'EdDSA', 'RS256', 'PS256', 'ES384']
const keys = new Map(algs.map((alg) => [alg, signingKey(alg, { kid: `key-of-${alg}` })]))
const strangers = new Map(algs.map((alg) => [alg, signingKey(alg, { kid: `key-of-${alg}` })]))
const jwks = { keys: [...keys.values()].map(publicJwk) }
const secret = 'a-secret-of-more-than-thirty-two-bytes!'
const clock = new Clock(place.now)
const shared = { issuer: place.issuer, audience, profile: 'jwt', clockToleranceSeconds: 30 }
const expected: JWTVerifyOptions = {
  issuer: place.issuer,
  audience,
  clockTolerance: 30,
  currentDate: new Date(clock.now()),
}

interface Pair {
  readonly ours: BearerValidator
  readonly theirs: (token: string) => Promise<unknown>
}

const pair = (options: Record<string, unknown>, key: JWTVerifyGetKey | KeyObject, algorithms: string[]): Pair => ({
  ours: bearerValidator(parseBearerOptions({ ...shared, ...options }), clock),
  theirs: async (token) =>
    typeof key === 'function'
      ? jwtVerify(token, key, { ...expected, algorithms })
      : jwtVerify(token, key, { ...expected, algorithms }),
})
// To jose, a key whose alg is EdDSA makes no signature that is called Ed25519. It is the same one (RFC 9864).
const ofEitherName = ({ alg, ...jwk }: Record<string, unknown>) => (alg === 'EdDSA' ? jwk : { ...jwk, alg })
const theirKeys = createLocalJWKSet({ keys: jwks.keys.map(ofEitherName) })
const signed = pair({ jwks }, theirKeys, [...algs, 'Ed25519', 'RS384', 'RS512', 'PS384', 'PS512', 'ES512'])
const shaky = pair({ secret, algorithms: ['HS256'] }, createSecretKey(Buffer.from(secret)), ['HS256'])

const tally = { cases: 0, accepted: 0, refused: 0, stricter: new Map<string, number>() }

/** Both judge, twice, since the second time ours may come from its memory; the verdicts must agree, or be on the list. */
async function compare({ ours, theirs }: Pair, token: string): Promise<void> {
  tally.cases++
  const before = await verdict(ours, token)
  const again = await verdict(ours, token)
  // The spaces after the scheme belong to the header (RFC 9110 section 11.6.2), not to the token.
  const jose = await theirs(token.replace(/^ +/, '')).then(
    () => true,
    () => false,
  )
  // Not by expect(), which would take a tenth of the time of all these cases.
  if (again !== before) throw new Error(`we judge it otherwise the second time: ${token}`)
  if (before) {
    tally.accepted++
    if (!jose) throw new Error(`we take what jose refuses: ${token}`)
    return
  }
  tally.refused++
  if (!jose) return
  const seen = see(token, place.now)
  const reasons = differences.filter(({ applies }) => applies(seen))
  if (reasons.length === 0) throw new Error(`we refuse what jose takes, for no reason on the list: ${token}`)
  for (const { name } of reasons) tally.stricter.set(name, (tally.stricter.get(name) ?? 0) + 1)
}

async function verdict(ours: BearerValidator, token: string): Promise<boolean> {
  try {
    await ours.validate(`Bearer ${token}`)
    return true
  } catch (error) {
    if (![400, 401].includes((error as BearerError).status)) throw error
    return false
  }
}

function bake({ alg, header, claims, space, signer, claimed, encoding }: Recipe): string {
  const key = (signer === 'right' ? keys : strangers).get(alg)
  const head = jsonOf([['alg', JSON.stringify(claimed ?? alg)], ...header], space)
  const body = jsonOf(claims, space)
  if (alg === 'HS256') return signHmac(head, body, signer === 'right' ? secret : `${secret}!`)
  return respelled(head, body, key, encoding)
}

// Signed over the odd spelling, as whoever holds the key could do it; the signature itself is spelt oddly at random too.
function respelled(head: string, body: string, key: SigningKey | undefined, encoding: Recipe['encoding']): string {
  if (key === undefined) throw new Error('no key')
  const [h = '', p = '', s = ''] = signJws(head, body, key).split('.')
  if (encoding === 'canonical') return `${h}.${p}.${s}`
  return `${h}.${p}.${spell(s, encoding)}`
}

const kidsOf = (alg: string) => [`key-of-${alg}`, ...algs.map((other) => `key-of-${other}`), 'nobody']
// The same cases in each run of CI; `FUZZ_SEED=$RANDOM` looks elsewhere.
const seed = Number(process.env['FUZZ_SEED'] ?? 20_261_122)
const settings = (numRuns: number) => ({ numRuns, seed, endOnFailure: true })

describe('our verifier and jose.jwtVerify', () => {
  test('agree on generated tokens, or differ as the list of differences says', async () => {
    await fc.assert(
      fc.asyncProperty(recipes(algs, kidsOf), (recipe) => compare(signed, bake(recipe))),
      settings(11_000),
    )
  }, 600_000)

  test('agree on mutated tokens, or differ as the list of differences says', async () => {
    const good = algs.map((alg) => bake(plain(alg)))
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...good), fc.constantFrom(...good), mutations, (token, other, mutation) =>
        compare(signed, mutate(token, mutation, other)),
      ),
      settings(8000),
    )
  }, 600_000)

  test('agree on tokens under a shared secret, or differ as the list of differences says', async () => {
    const kids = () => ['any']
    await fc.assert(
      fc.asyncProperty(recipes(['HS256'], kids), mutations, (recipe, mutation) =>
        compare(shaky, mutation.at % 2 === 0 ? bake(recipe) : mutate(bake(recipe), mutation, bake(recipe))),
      ),
      settings(3000),
    )
  }, 600_000)

  afterAll(() => {
    expect(tally.cases).toBeGreaterThanOrEqual(20_000)
    // Both kinds have to be there in numbers, or the comparison says little.
    expect(tally.accepted).toBeGreaterThan(2500)
    expect(tally.refused).toBeGreaterThan(5000)
    expect(tally.stricter.size).toBeGreaterThanOrEqual(15)
  })
})

const good: readonly (readonly [string, string])[] = [
  ['iss', JSON.stringify(place.issuer)],
  ['sub', '"alice"'],
  ['aud', JSON.stringify(audience)],
  ['exp', String(place.now + 300)],
  ['iat', String(place.now)],
  ['scope', '"a b"'],
]

function plain(alg: string, overrides: Partial<Recipe> = {}): Recipe {
  const header = [['kid', JSON.stringify(`key-of-${alg}`)] as const]
  return {
    alg,
    header,
    claims: good,
    space: '',
    signer: 'right',
    claimed: undefined,
    encoding: 'canonical',
    ...overrides,
  }
}

const claimed = (changes: Record<string, string | undefined>): string => {
  const kept = good.filter(([name]) => !(name in changes))
  const added = Object.entries(changes).flatMap(([name, value]) =>
    value === undefined ? [] : [[name, value] as const],
  )
  return bake(plain('ES256', { claims: [...kept, ...added] }))
}
const headed = (...header: (readonly [string, string])[]): string =>
  bake(plain('ES256', { header: [['kid', '"key-of-ES256"'], ...header] }))

// One token for each line of the list: jose takes it, we do not, and that line says why.
const examples: Readonly<Record<string, string>> = {
  'another spelling of base64url: padding, white space, the other alphabet, or bits that no byte holds': bake(
    plain('ES256', { encoding: 'padding' }),
  ),
  'a member that is there twice': bake(plain('ES256', { claims: [...good, ['twice', '1'], ['twice', '2']] })),
  'a member called __proto__': claimed({ ['__proto__']: '{}' }),
  'nesting deeper than 32': claimed({ x: `${'['.repeat(40)}${']'.repeat(40)}` }),
  'crit, b64 or zip in the header': headed(['zip', '"DEF"']),
  'a kid or typ that is not text': headed(['typ', '5']),
  'a typ of another kind': headed(['typ', '"logout+jwt"']),
  'no exp': claimed({ exp: undefined }),
  'an exp after the year 9999, or before 1970': claimed({ exp: '1e999' }),
  'an iat that is to come, or not a date': claimed({ iat: String(place.now + 3600) }),
  'an nbf that is not a date': claimed({ nbf: '-1' }),
  'an audience whose members are not all text': claimed({ aud: JSON.stringify([audience, 1]) }),
  'sub, client_id or jti that is empty, over 255 characters, or not text': claimed({ sub: '5' }),
  'no subject': claimed({ sub: undefined }),
  'a cnf: the proof did not come with it': claimed({ cnf: '{"jkt":"x"}' }),
  events: claimed({ events: '{}' }),
  'a hash that only an ID Token holds': claimed({ at_hash: '"x"' }),
  'a token that calls itself something else': claimed({ typ: '"ID"' }),
  'nothing that tells it from an ID Token': claimed({ scope: undefined }),
}

function notUtf8(): string {
  const key = keys.get('ES256')
  if (key === undefined) throw new Error('no key')
  const body = Buffer.concat([
    Buffer.from(`{"x":"`),
    Buffer.from([0xff]),
    Buffer.from(`",${jsonOf(good, '').slice(1)}`),
  ])
  return signJws({ alg: 'ES256', kid: key.kid }, body, key)
}

describe('our verifier, stricter than jose,', () => {
  test.each(differences.map(({ name }) => name))('refuses what jose accepts: %s', async (name) => {
    const token = examples[name]
    if (token === undefined) throw new Error('there is no example')
    await expect(signed.theirs(token)).resolves.toBeDefined()
    await expect(signed.ours.validate(`Bearer ${token}`)).rejects.toThrow()
    expect(differences.filter(({ applies }) => applies(see(token, place.now))).map((each) => each.name)).toContain(name)
  })

  test('accepts a token without any of that, as jose does', async () => {
    for (const alg of algs) {
      const token = bake(plain(alg))
      await expect(signed.theirs(token)).resolves.toBeDefined()
      await expect(signed.ours.validate(`Bearer ${token}`)).resolves.toMatchObject({ subject: 'alice' })
    }
  })

  test('refuses text that is not UTF-8, as jose does', async () => {
    await expect(signed.theirs(notUtf8())).rejects.toThrow()
    await expect(signed.ours.validate(`Bearer ${notUtf8()}`)).rejects.toMatchObject({ status: 401 })
  })

  test('verifies nothing with weak RSA keys, keys for another use or operation, and private parts', () => {
    const [rsa] = vectors
    for (const change of [
      { use: 'enc' },
      { key_ops: ['sign'] },
      { e: 'AQ' },
      { n: 'AQAB'.repeat(20) },
      { d: 'AQAB' },
      { alg: 'RSA-OAEP' },
    ]) {
      expect(importKeySet({ keys: [{ ...rsa?.jwk, ...change }] })?.imported.size).toBe(0)
    }
  })
})

describe('a published vector', () => {
  test.each(vectors)('of $source verifies here and with jose, and no other bit does', async ({ jwk, token }) => {
    const [header = '', payload = '', signature = ''] = token.split('.')
    const { alg } = JSON.parse(Buffer.from(header, 'base64url').toString()) as { alg: string }
    const [key] =
      importKeySet({ keys: [jwk] })
        ?.keys.get(alg)
        ?.get(undefined) ?? []
    const bytes = Buffer.from(signature, 'base64url')
    expect(key?.verify(Buffer.from(`${header}.${payload}`), bytes)).toBe(true)
    await expect(compactVerify(token, createLocalJWKSet({ keys: [jwk] }))).resolves.toBeDefined()
    for (let i = 0; i < bytes.length; i += 5) {
      const flipped = Buffer.from(bytes)
      flipped[i] = (flipped[i] ?? 0) ^ 1
      expect(key?.verify(Buffer.from(`${header}.${payload}`), flipped)).toBe(false)
    }
    expect(key?.verify(Buffer.from(`${header}.${payload}A`), bytes)).toBe(false)
    expect(key?.verify(Buffer.from(`${header}.${payload}`), Buffer.alloc(bytes.length))).toBe(false)
  })

  test('of RFC 7515 A.5 and RFC 7519 6.1 is refused: an unsecured token', async () => {
    const token =
      'eyJhbGciOiJub25lIn0.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ.'
    await expect(signed.ours.validate(`Bearer ${token}`)).rejects.toMatchObject({ status: 401 })
  })
})
