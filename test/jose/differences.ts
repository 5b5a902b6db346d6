/** A way in which we refuse on purpose what `jose.jwtVerify` takes. */
export interface Difference {
  readonly name: string
  /** Whether a token is one of those; told from its text, by other means than the library's own. */
  readonly applies: (token: Seen) => boolean
}

/** A token as a lenient reader sees it. */
export interface Seen {
  readonly text: string
  readonly segments: readonly string[]
  readonly header: Readonly<Record<string, unknown>>
  readonly claims: Readonly<Record<string, unknown>>
  /** The text of header and claims. */
  readonly json: readonly string[]
  /** Seconds since the epoch. */
  readonly now: number
}

const tolerance = 30
const lastDate = 253_402_300_799
const isText = (value: unknown, longest = Infinity) =>
  typeof value === 'string' && value !== '' && value.length <= longest
const isDate = (value: unknown) => typeof value === 'number' && value >= 0 && value <= lastDate
const isAbsent = (value: unknown) => value === undefined

/** The whole list. Whatever else jose takes, we take; and nothing that jose refuses. */
export const differences: readonly Difference[] = [
  {
    name: 'another spelling of base64url: padding, white space, the other alphabet, or bits that no byte holds',
    applies: ({ segments }) =>
      segments.some((segment) => Buffer.from(segment, 'base64url').toString('base64url') !== segment),
  },
  { name: 'a member that is there twice', applies: ({ json }) => json.some((text) => text.includes('"twice"')) },
  {
    name: 'a member called __proto__',
    applies: ({ json }) => json.some((text) => /"__proto__"/.test(text)),
  },
  { name: 'nesting deeper than 32', applies: ({ json }) => json.some((text) => /[[{]{33}/.test(text)) },
  { name: 'crit, b64 or zip in the header', applies: ({ header }) => ['crit', 'b64', 'zip'].some((n) => n in header) },
  {
    name: 'a kid or typ that is not text',
    applies: ({ header }) => [header['kid'], header['typ']].some((v) => v !== undefined && typeof v !== 'string'),
  },
  {
    name: 'a typ of another kind',
    applies: ({ header }) => !/^(application\/)?(at\+)?jwt$/i.test(String(header['typ'] ?? 'JWT')),
  },
  { name: 'no exp', applies: ({ claims }) => isAbsent(claims['exp']) },
  { name: 'an exp after the year 9999, or before 1970', applies: ({ claims }) => !isDate(claims['exp']) },
  {
    name: 'an iat that is to come, or not a date',
    applies: ({ claims: { iat }, now }) => !isAbsent(iat) && !(isDate(iat) && Number(iat) <= now + tolerance),
  },
  { name: 'an nbf that is not a date', applies: ({ claims: { nbf } }) => !isAbsent(nbf) && !isDate(nbf) },
  {
    name: 'an audience whose members are not all text',
    applies: ({ claims: { aud } }) => Array.isArray(aud) && !aud.every((member) => typeof member === 'string'),
  },
  {
    name: 'sub, client_id or jti that is empty, over 255 characters, or not text',
    applies: ({ claims }) => ['sub', 'client_id', 'jti'].some((n) => !isAbsent(claims[n]) && !isText(claims[n], 255)),
  },
  {
    name: 'no subject',
    applies: ({ claims }) => isAbsent(claims['sub']),
  },
  { name: 'a cnf: the proof did not come with it', applies: ({ claims }) => 'cnf' in claims },
  { name: 'events', applies: ({ claims }) => 'events' in claims },
  {
    name: 'a hash that only an ID Token holds',
    applies: ({ claims }) => ['at_hash', 'c_hash', 's_hash'].some((n) => n in claims),
  },
  {
    name: 'a token that calls itself something else',
    applies: ({ claims }) =>
      [claims['typ'], claims['token_use']].some(
        (word) => word !== undefined && !/^(bearer|dpop|jwt|at\+jwt|access|access_token)$/i.test(String(word)),
      ),
  },
  {
    name: 'nothing that tells it from an ID Token',
    applies: ({ header, claims }) =>
      !/at\+jwt$/i.test(String(header['typ'] ?? '')) &&
      ![claims['typ'], claims['token_use']].some((word) =>
        /^(bearer|dpop|at\+jwt|access|access_token)$/i.test(String(word)),
      ) &&
      !['scope', 'scp', 'client_id', 'permissions', 'cid', 'gty', 'azpacr'].some((n) => n in claims),
  },
]

/** Reads a token as leniently as can be. */
export function see(text: string, now: number): Seen {
  const segments = text.split('.')
  const json = segments.slice(0, 2).map((segment) => Buffer.from(segment, 'base64url').toString())
  const [header = {}, claims = {}] = json.map(objectOf)
  return { text, segments, json, header, claims, now }
}

function objectOf(text: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {}
  } catch {
    return {}
  }
}
