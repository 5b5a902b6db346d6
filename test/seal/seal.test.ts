import { describe, expect, test } from '@jest/globals'
import { createCipheriv, randomBytes } from 'node:crypto'
import { CompactEncrypt, compactDecrypt } from 'jose'
import type { Runtime } from '../../lib/base/runtime.js'
import { deriveKeys, createSeal } from '../../lib/seal/seal.js'

const now = 1_800_000_000
const runtime: Runtime = { now: () => now * 1000, randomBytes }
const secret = 'a secret for tests only, 32 characters at least'
const older = 'an older secret for tests, 32 characters at least'
const purpose = ['session', '__Host-oidc', 'https://op.example.com', 'web']
const payload = { exp: now + 60, name: 'Zoë', list: [1, { a: null }] }

const seal = createSeal([secret], purpose, runtime)

function keyOf(from = secret) {
  const [key] = deriveKeys([from], purpose)
  if (key === undefined) throw new Error('no key')
  return key
}

/** Seals text under any protected header with the right key: what only a holder of the secret could make. */
function sealWith(header: object, text: string, length = 0): string {
  const segment = Buffer.from(JSON.stringify(header).padEnd(length)).toString('base64url')
  const iv = randomBytes(12)
  const cipher = createCipheriv('aes-256-gcm', keyOf().key, iv).setAAD(Buffer.from(segment))
  const ciphertext = Buffer.concat([cipher.update(text), cipher.final()])
  return [segment, '', ...[iv, ciphertext, cipher.getAuthTag()].map((part) => part.toString('base64url'))].join('.')
}

const header = { alg: 'dir', enc: 'A256GCM', kid: keyOf().kid }

describe('a seal', () => {
  test('opens what it sealed', () => {
    expect(seal.open(seal.seal(payload))).toEqual({ payload, expired: false, outdatedKey: false })
  })

  test('shows nothing of the payload', () => {
    const sealed = seal.seal({ exp: now + 60, canary: 'canary' })
    const decoded = sealed.split('.').map((part) => Buffer.from(part, 'base64url').toString('latin1'))
    expect(`${sealed} ${decoded.join(' ')}`).not.toContain('canary')
  })

  test.each([0, 1, 2, 3, 500])(
    'knows how long a payload is once it is sealed: with a text of %p characters',
    (length) => {
      const long = { ...payload, text: 'ö'.repeat(length) }
      expect(seal.lengthOf(long)).toBe(seal.seal(long).length)
    },
  )

  test('expires at the very second', () => {
    expect(seal.open(seal.seal({ exp: now }))).toMatchObject({ expired: true })
    expect(seal.open(seal.seal({ exp: now + 1 }))).toMatchObject({ expired: false })
  })

  test('needs a secret', () => {
    expect(() => createSeal([], purpose, runtime)).toThrow(new RangeError('createSeal() needs at least one secret'))
  })

  test('is a compact JWE that jose decrypts', async () => {
    const { plaintext, protectedHeader } = await compactDecrypt(seal.seal(payload), keyOf().key)
    expect(JSON.parse(new TextDecoder().decode(plaintext))).toEqual(payload)
    expect(protectedHeader).toEqual(header)
  })

  test.each([
    ['the same order of members', header],
    ['another order of members', { kid: header.kid, enc: header.enc, alg: header.alg }],
  ])('opens what jose encrypts with %s in its header', async (_name, protectedHeader) => {
    const jwe = await new CompactEncrypt(Buffer.from(JSON.stringify(payload)))
      .setProtectedHeader(protectedHeader)
      .encrypt(keyOf().key)
    expect(seal.open(jwe)).toEqual({ payload, expired: false, outdatedKey: false })
  })

  test('uses a new initialisation vector of 96 bits for each value', () => {
    const vectors = Array.from({ length: 2000 }, () => seal.seal(payload).split('.')[2] ?? '')
    expect(new Set(vectors).size).toBe(2000)
    expect(Buffer.from(vectors[0] ?? '', 'base64url')).toHaveLength(12)
  })

  test('takes its randomness from the runtime', () => {
    const lengths: number[] = []
    const counted = createSeal([secret], purpose, {
      now: runtime.now,
      randomBytes: (length) => {
        lengths.push(length)
        return Buffer.alloc(length, 7)
      },
    })
    expect(counted.seal(payload).split('.')[2]).toBe(Buffer.alloc(12, 7).toString('base64url'))
    expect(lengths).toEqual([12])
  })
})

describe('a seal for another purpose', () => {
  test.each([
    ['kind', ['transaction', '__Host-oidc', 'https://op.example.com', 'web']],
    ['cookie name', ['session', 'oidc', 'https://op.example.com', 'web']],
    ['issuer', ['session', '__Host-oidc', 'https://op.example.org', 'web']],
    ['client', ['session', '__Host-oidc', 'https://op.example.com', 'other']],
    ['boundary between two parts', ['session', '__Host-oidc', 'https://op.example.comweb', '']],
  ])('differs by %s: it does not open, and no key ID is shared', (_name, other) => {
    const stranger = createSeal([secret], other, runtime)
    expect(stranger.open(seal.seal(payload))).toBeUndefined()
    expect(seal.open(stranger.seal(payload))).toBeUndefined()
    expect(deriveKeys([secret], other)[0]?.kid).not.toBe(keyOf().kid)
    // Even with the key ID of the other one in the header.
    const [, ...rest] = stranger.seal(payload).split('.')
    expect(seal.open([seal.seal(payload).split('.')[0], ...rest].join('.'))).toBeUndefined()
  })
})

describe('rotation of secrets', () => {
  test('seals with the first secret, opens with all, and says which values are old', () => {
    const old = createSeal([older], purpose, runtime)
    const rotated = createSeal([secret, older], purpose, runtime)
    expect(rotated.open(old.seal(payload))).toMatchObject({ payload, outdatedKey: true })
    expect(rotated.open(rotated.seal(payload))).toMatchObject({ outdatedKey: false })
    expect(seal.open(rotated.seal(payload))).toMatchObject({ payload })
    expect(old.open(rotated.seal(payload))).toBeUndefined()
  })
})

describe('a changed sealed value', () => {
  const sealed = seal.seal({ exp: now + 60, a: 1 })
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'

  test('does not open, whichever bit of whichever character was flipped', () => {
    const opened: string[] = []
    for (let index = 0; index < sealed.length; index++) {
      for (let bit = 0; bit < 8; bit++) {
        const changed = String.fromCharCode(sealed.charCodeAt(index) ^ (1 << bit))
        const mutant = sealed.slice(0, index) + changed + sealed.slice(index + 1)
        if (seal.open(mutant) !== undefined) opened.push(`${index}: ${changed}`)
      }
    }
    expect(opened).toEqual([])
  })

  test('does not open with any other last character of a segment, unused bits included', () => {
    const parts = sealed.split('.')
    for (const part of [2, 3, 4]) {
      for (const character of alphabet) {
        const last = parts[part] ?? ''
        if (last.endsWith(character)) continue
        const mutant = parts.with(part, last.slice(0, -1) + character).join('.')
        expect(seal.open(mutant)).toBeUndefined()
      }
    }
  })

  test('does not open when cut, lengthened, padded or spelled another way', () => {
    for (let length = 0; length < sealed.length; length++) expect(seal.open(sealed.slice(0, length))).toBeUndefined()
    const parts = sealed.split('.')
    const spellings = parts.flatMap((part, index) =>
      [`${part}=`, `${part} `, ` ${part}`, `${part}\n`, `${part}A`, `${part}+`].map((other) =>
        parts.with(index, other),
      ),
    )
    const others = [[...parts, ''], ['', ...parts], parts.toReversed(), parts.with(1, 'AAAA')]
    const swapped = [parts.with(2, parts[4] ?? '').with(4, parts[2] ?? '')]
    for (const mutant of [...spellings, ...others, ...swapped]) expect(seal.open(mutant.join('.'))).toBeUndefined()
  })

  test('does not open with the vector or the tag of another value', () => {
    const [parts, others] = [sealed.split('.'), seal.seal({ exp: now + 60, a: 2 }).split('.')]
    for (const index of [2, 3, 4]) expect(seal.open(parts.with(index, others[index] ?? '').join('.'))).toBeUndefined()
  })

  test.each(['', '.', '....', 'a.b.c.d.e', `${'a'.repeat(300)}....`, '\u0000', '💥....', 'e30....', 'bnVsbA....'])(
    'does not open as %p',
    (text) => {
      expect(seal.open(text)).toBeUndefined()
    },
  )
})

describe('an authentic sealed value', () => {
  const text = JSON.stringify(payload)

  test.each([
    ['zip', { ...header, zip: 'DEF' }],
    ['crit', { ...header, crit: ['exp'] }],
    ['typ', { ...header, typ: 'JWT' }],
    ['no kid', { alg: 'dir', enc: 'A256GCM' }],
    ['another alg', { ...header, alg: 'A256KW' }],
    ['another enc', { ...header, enc: 'A128GCM' }],
    ['another kid', { ...header, kid: 'AAAAAAAA' }],
    ['a kid that is not a string', { ...header, kid: [header.kid] }],
    ['a p2c in place of the kid', { alg: 'dir', enc: 'A256GCM', p2c: 1_000_000_000 }],
  ])('does not open with %s in its header', (_name, other) => {
    expect(seal.open(sealWith(header, text))).toBeDefined()
    expect(seal.open(sealWith(other, text))).toBeUndefined()
  })

  test.each([
    ['no JSON', '{'],
    ['a list', '[1]'],
    ['a string', '"x"'],
    ['null', 'null'],
    ['no exp', '{"a":1}'],
    ['exp as text', `{"exp":"${now + 60}"}`],
    ['an infinite exp', '{"exp":1e999}'],
    ['__proto__', `{"exp":${now + 60},"__proto__":{"isAdmin":true}}`],
    ['a nested __proto__', `{"exp":${now + 60},"a":[{"__proto__":{}}]}`],
    ['an escaped __proto__', `{"exp":${now + 60},"\\u005f_proto__":1}`],
  ])('does not open with %s inside', (_name, inside) => {
    expect(seal.open(sealWith(header, inside))).toBeUndefined()
    expect(Object.hasOwn(Object.prototype, 'isAdmin')).toBe(false)
  })

  test('opens with a header of up to 200 characters, blanks included', () => {
    expect(sealWith(header, text, 150).indexOf('.')).toBe(200)
    expect(seal.open(sealWith(header, text, 150))?.payload).toEqual(payload)
    expect(seal.open(sealWith(header, text, 151))).toBeUndefined()
  })

  test('opens with forbidden names as values', () => {
    const inside = { exp: now + 60, a: '__proto__', b: ['constructor', 'é\\u0041'] }
    expect(seal.open(sealWith(header, JSON.stringify(inside)))?.payload).toEqual(inside)
  })
})
