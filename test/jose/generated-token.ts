import fc from 'fast-check'
import { audience } from '../kit/provider/provider.js'

/** What a token is made of. */
export interface Recipe {
  readonly alg: string
  /** Header members as JSON text, `alg` aside. */
  readonly header: readonly (readonly [string, string])[]
  /** Claims as JSON text, by name; a name may be there twice. */
  readonly claims: readonly (readonly [string, string])[]
  readonly space: string
  /** Which key signs: the right one, another of its kind. */
  readonly signer: 'right' | 'other'
  /** What `alg` says, when it lies. */
  readonly claimed: string | undefined
  readonly encoding: 'canonical' | 'padding' | 'space' | 'alphabet' | 'bits' | 'newline'
}

/** A change to a token's text. */
export interface Mutation {
  readonly kind: 'flip' | 'drop' | 'insert' | 'cut' | 'repeat' | 'swap' | 'unsigned' | 'borrowed' | 'none'
  readonly at: number
  readonly character: string
}

/** The issuer and the time that tokens are made for. */
export const place = { issuer: 'https://issuer.example.com', now: 1_800_000_000 }

const text = (value: unknown) => JSON.stringify(value)
/** Mostly good, sometimes odd: only so do many tokens come close to being accepted. */
const mostly = (good: readonly unknown[], odd: readonly string[], weight = 14) =>
  fc.oneof(
    { weight, arbitrary: fc.constantFrom(...good.map(text)) },
    { weight: 1, arbitrary: fc.constantFrom(...odd) },
    { weight: 1, arbitrary: fc.jsonValue({ maxDepth: 2 }).map(text) },
  )
const { now, issuer } = place
const dates = [now, now - 60, now + 300]
const oddDates = [
  '1e999',
  '-1e999',
  '1e300',
  '-5',
  '"1"',
  'null',
  '[]',
  '1.5e9',
  '1800000030',
  '1800000031',
  '1799999970',
  '1799999969',
  '253402300800',
  '0',
]

const member = (name: string, value: fc.Arbitrary<string>, presence = 0.9) =>
  fc
    .tuple(fc.double({ min: 0, max: 1, noNaN: true }), value)
    .map(([roll, json]) => (roll < presence ? [[name, json] as const] : []))

const rare = fc.constantFrom<readonly (readonly [string, string])[]>(
  ...([
    [
      ['twice', '1'],
      ['twice', '2'],
    ],
    [['__proto__', '{"sub":"eve"}']],
    [['constructor', '1']],
    [['deep', `${'['.repeat(40)}${']'.repeat(40)}`]],
    [['long', text('x'.repeat(17_000))]],
    [['cnf', '{"jkt":"x"}']],
    [['events', '{}']],
    [['at_hash', '"x"']],
    [['nonce', '"n"']],
    [['typ', '"ID"']],
    [['typ', '"Bearer"']],
    [['token_use', '"id"']],
    [['auth_time', '1']],
    [['auth_time', '"x"']],
    [['azp', '"web"']],
    [['name', '"J\\u00fcrgen \\ud83d\\ude00"']],
    [['nul', '"\\u0000"']],
  ] as const),
)

const claims = fc
  .tuple(
    member('iss', mostly([issuer], [text(`${issuer}/`), text([issuer]), 'null'], 30), 0.98),
    member('sub', mostly(['alice'], ['""', '5', text('x'.repeat(256))], 24)),
    member(
      'aud',
      mostly([audience, [audience], ['x', audience]], [text([]), text([audience, 1]), text('x'), '{}'], 30),
      0.97,
    ),
    member('exp', mostly([now + 300, now + 1], oddDates, 24), 0.97),
    member('iat', mostly([...dates].slice(0, 2), oddDates)),
    member('nbf', mostly([now, now - 60], oddDates), 0.3),
    member('jti', mostly(['j'], ['""', '5']), 0.6),
    member('client_id', mostly(['web'], ['""', '5', 'null']), 0.6),
    member('scope', mostly(['a b', ''], ['["a","b"]', '5', 'null']), 0.8),
    member('scp', mostly([['a']], ['"a b"', '5']), 0.1),
    fc.oneof({ weight: 8, arbitrary: fc.constant([]) }, { weight: 1, arbitrary: rare }),
    fc.oneof(
      { weight: 6, arbitrary: fc.constant([]) },
      {
        weight: 1,
        arbitrary: fc
          .tuple(fc.string({ unit: 'grapheme', maxLength: 12 }), fc.jsonValue())
          .map(([n, v]) => [[`x-${n}`, text(v)] as const]),
      },
    ),
  )
  .chain((groups) => fc.shuffledSubarray(groups.flat(), { minLength: groups.flat().length }))

const header = (kids: readonly string[]) =>
  fc
    .tuple(
      member(
        'kid',
        mostly(kids.slice(0, 1), [...kids.slice(1).map(text), '""', '5', 'null', '"../../etc/passwd"'], 20),
        0.9,
      ),
      member(
        'typ',
        mostly(
          ['JWT', 'at+jwt', 'jwt', 'application/at+jwt'],
          ['"logout+jwt"', '"dpop+jwt"', '5', 'null', '""', '"JOSE"'],
          20,
        ),
      ),
      fc.oneof(
        { weight: 12, arbitrary: fc.constant([]) },
        {
          weight: 1,
          arbitrary: fc.constantFrom<readonly (readonly [string, string])[]>(
            [['crit', '[]']],
            [
              ['crit', '["exp"]'],
              ['exp', '1'],
            ],
            [
              ['crit', '["b64"]'],
              ['b64', 'true'],
            ],
            [['b64', 'false']],
            [['b64', 'true']],
            [['zip', '"DEF"']],
            [['jku', '"https://evil.example/jwks"']],
            [['jwk', '{"kty":"oct","k":"AAAA"}']],
            [['x5c', '["AAAA"]']],
            [['cty', '"JWT"']],
            [
              ['twice', '1'],
              ['twice', '2'],
            ],
          ),
        },
      ),
    )
    .map((groups) => groups.flat())

/** Recipes of tokens, of which about a third are good. */
export function recipes(algs: readonly string[], kidOf: (alg: string) => readonly string[]): fc.Arbitrary<Recipe> {
  return fc.constantFrom(...algs).chain((alg) =>
    fc.record({
      alg: fc.constant(alg),
      header: header(kidOf(alg)),
      claims,
      space: fc.constantFrom('', '', '', ' ', '\n', '\t\r\n '),
      signer: fc.oneof(
        { weight: 20, arbitrary: fc.constant<'right'>('right') },
        { weight: 1, arbitrary: fc.constant<'other'>('other') },
      ),
      claimed: fc.oneof(
        { weight: 20, arbitrary: fc.constant(undefined) },
        {
          weight: 1,
          arbitrary: fc.constantFrom(
            'none',
            'HS256',
            'HS384',
            'RS256',
            'RS512',
            'PS256',
            'ES256',
            'ES384',
            'EdDSA',
            'Ed25519',
            'ES256K',
            '',
            'RS1',
          ),
        },
      ),
      encoding: fc.oneof(
        { weight: 12, arbitrary: fc.constant<'canonical'>('canonical') },
        {
          weight: 1,
          arbitrary: fc.constantFrom<Recipe['encoding']>('padding', 'space', 'alphabet', 'bits', 'newline'),
        },
      ),
    }),
  )
}

/** Changes of which most break a token. */
export const mutations: fc.Arbitrary<Mutation> = fc.record({
  kind: fc.constantFrom<Mutation['kind']>(
    'flip',
    'flip',
    'flip',
    'drop',
    'insert',
    'insert',
    'cut',
    'repeat',
    'swap',
    'unsigned',
    'borrowed',
    'none',
  ),
  at: fc.nat({ max: 4000 }),
  character: fc.constantFrom(...'AQgw09-_az.=+/ \n\u0000é'),
})

/** Header and claims as JSON text. */
export function jsonOf(members: readonly (readonly [string, string])[], space: string): string {
  return `{${space}${members.map(([name, value]) => `${text(name)}:${space}${value}`).join(`,${space}`)}${space}}`
}

/** Spells a segment otherwise, so that lenient decoders read the same bytes. */
export function spell(segment: string, encoding: Recipe['encoding']): string {
  if (encoding === 'padding') return segment.padEnd(Math.ceil(segment.length / 4) * 4, '=')
  if (encoding === 'space') return `${segment.slice(0, 4)} ${segment.slice(4)}`
  if (encoding === 'newline') return `${segment}\n`
  if (encoding === 'alphabet') return segment.replaceAll('-', '+').replaceAll('_', '/')
  if (encoding === 'bits' && segment.length % 4 !== 0) return segment.slice(0, -1) + next(segment.slice(-1))
  return segment
}

function next(character: string): string {
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'
  return alphabet[(alphabet.indexOf(character) + 1) % 64] ?? ''
}

/** Applies a change. */
export function mutate(token: string, { kind, at, character }: Mutation, other: string): string {
  const i = at % Math.max(1, token.length)
  const segments = token.split('.')
  if (kind === 'flip') return token.slice(0, i) + (token[i] === character ? 'B' : character) + token.slice(i + 1)
  if (kind === 'drop') return token.slice(0, i) + token.slice(i + 1)
  if (kind === 'insert') return token.slice(0, i) + character + token.slice(i)
  if (kind === 'cut') return token.slice(0, i)
  if (kind === 'repeat') return `${token}.${segments[at % segments.length] ?? ''}`
  if (kind === 'swap') return [segments[1], segments[0], segments[2]].join('.')
  if (kind === 'unsigned') return `${segments.slice(0, 2).join('.')}.`
  if (kind === 'borrowed') return [...segments.slice(0, 2), other.split('.')[2]].join('.')
  return token
}
