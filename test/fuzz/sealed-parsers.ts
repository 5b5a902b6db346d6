import { expect } from '@jest/globals'
import fc from 'fast-check'
import { parseJsonObject } from '../../lib/base/json.js'
import { SessionError } from '../../lib/errors.js'
import { importDecryptionKeys } from '../../lib/jose/decryption-key.js'
import { decryptJwe } from '../../lib/jose/jwe.js'
import { parseOptions, section } from '../../lib/options/common/parse.js'
import { migrateFrom } from '../../lib/options/oidc/migration/migrate-from.js'
import { derSignature as rawSignature } from '../../lib/provider/authentication/der-signature.js'
import { readDeviceProof, registeredKey } from '../../lib/session/device-bound/device-proof.js'
import { createOldSessions } from '../../lib/session/migration/express-openid-connect.js'
import { pack, unpack } from '../../lib/session/storage/packed-payload.js'
import { TextUnpacker } from '../../lib/session/storage/packed-text.js'
import { start } from '../kit/clock.js'
import { deviceProof as proofOf, newDeviceKey } from '../kit/devices/device-browser.js'
import { oldCookie as oldCookieOf } from '../kit/migration/old-sessions.js'
import { encrypted, keysByKind, secretKey } from '../kit/provider/encryption.js'
import { idToken } from '../session/example.js'
import { type Parser, altered, filled, mostly } from './parser.js'

const secret = secretKey(32)
const keys = importDecryptionKeys('keys', [keysByKind.rsa.jwk, keysByKind.ec.jwk, secret.jwk])
const jwes = {
  rsa: await encrypted('inside', keysByKind.rsa),
  ec: await encrypted('inside', keysByKind.ec, { alg: 'ECDH-ES', enc: 'A128GCM' }),
  dir: await encrypted('inside', secret, { alg: 'dir' }),
  other: await encrypted('inside', secretKey(32), { alg: 'dir' }),
}
const segment = (name: keyof typeof jwes, index: number) => jwes[name].split('.')[index] ?? ''
const segments = Object.fromEntries(
  (Object.keys(jwes) as (keyof typeof jwes)[]).flatMap((name) =>
    [0, 1, 2, 3, 4].map((at) => [`${name}${at}`, segment(name, at)]),
  ),
)

// Segments differ in each run, so a text has their places.
const places = (name: string) => [0, 1, 2, 3, 4].map((at) => `{${name}${at}}`).join('.')
const jwe: Parser = {
  texts: altered(
    fc.oneof(
      fc.constantFrom(...Object.keys(jwes).map(places)),
      fc
        .array(mostly('{rsa0}', '{ec0}', '{dir0}', '{dir1}', '{dir2}', '{dir3}', '{dir4}', ''), { maxLength: 7 })
        .map((parts) => parts.join('.')),
    ),
  ),
  async read(text) {
    const token = filled(text, segments)
    const opened = await decryptJwe(token, keys)
    if (opened === undefined) return token.split('.').length === 5 ? 'not opened' : 'not five segments'
    expect(opened).toBe('inside')
    // Whoever changes a token cannot have it open, but for bits that no byte has.
    expect(Object.values(jwes).map(bytesOf)).toContainEqual(bytesOf(token))
    return 'opened'
  },
}

function bytesOf(token: string): string[] {
  return token.split('.').map((part) => Buffer.from(part, 'base64url').toString('hex'))
}

const session = { id_token: idToken(), access_token: 'access', token_type: 'Bearer' }
const old = { cookie: await oldCookieOf(session, start), empty: await oldCookieOf('{}', start) }
const given = { package: 'express-openid-connect', secret: 'the secret of the old application', until: '2026-12-24' }
const parsed = parseOptions('fuzz', section({ migrateFrom }), { migrateFrom: given }).migrateFrom
if (parsed === undefined) throw new Error('the options are there')
const openOld = createOldSessions(parsed, 2)
const oldCookie: Parser = {
  texts: altered(fc.constantFrom('{cookie}', '{empty}')),
  async read(text) {
    const value = filled(text, old)
    const opened = await openOld(value)
    if (opened === undefined) return value === old.empty ? 'no session' : 'refused'
    expect(bytesOf(value)).toEqual(bytesOf(old.cookie))
    expect(opened).toMatchObject({ subject: 'alice', createdAt: start })
    return 'opened'
  },
}

const device = newDeviceKey()
const origin = 'https://app.example.com'
const proofs = {
  proof: proofOf('challenge', device, true),
  here: proofOf('challenge', device, true, { payload: { aud: `${origin}/refresh` } }),
  elsewhere: proofOf('challenge', device, true, { payload: { aud: 'https://evil.example' } }),
  bare: proofOf('challenge', device, false),
  forged: proofOf('challenge', device, true, { key: newDeviceKey() }),
}
const deviceProof: Parser = {
  texts: altered(
    fc
      .tuple(mostly('{proof}', '{here}', '{elsewhere}', '{bare}', '{forged}'), mostly('plain', '"', '";x=1'))
      .map(([proof, quote]) => (quote.startsWith('"') ? `"${proof}${quote}` : proof)),
  ),
  read(text) {
    try {
      const proof = readDeviceProof(filled(text, proofs), origin)
      expect(proof.jti).toBe('challenge')
      const { jwk, thumbprint } = registeredKey(proof)
      const { x, y } = device.publicKey.export({ format: 'jwk' })
      expect(jwk).toEqual({ kty: 'EC', crv: 'P-256', x, y })
      expect(thumbprint).toMatch(/^[\w-]{43}$/)
      return 'registered'
    } catch (error) {
      if (!(error instanceof SessionError)) throw error
      expect(error.code).toBe('device_proof_invalid')
      return error.message
    }
  },
}

const tokens = altered(fc.oneof(fc.constant(idToken()), fc.stringMatching(/^[\w-]{0,90}(?:\.[\w-]{0,90}){0,9}$/)))
// Of a session, a text is each of its tokens, and of its data; what was packed comes back.
const packedSession: Parser = {
  texts: tokens,
  read(text) {
    const payload = {
      exp: start,
      idt: text,
      act: text,
      rft: text,
      fur: [['target', text, 'bearer', start]],
      dat: { text },
    }
    const outcomes = [false, true].map((mayCompress) => {
      const packed = pack(payload, mayCompress)
      const opened = {
        payload: JSON.parse(JSON.stringify(packed.payload)) as typeof payload,
        attachment: packed.attachment,
      }
      expect(unpack({ ...opened, expired: false, outdatedKey: false })).toEqual(payload)
      return packed.attachment.length === 0 ? 'as it is' : packed.isCompressed ? 'compressed' : 'packed'
    })
    return outcomes.join(', ')
  },
}

// What another version may have written: a description, and sixteen bytes.
const packedText: Parser = {
  texts: altered(
    fc
      .array(
        fc.tuple(
          mostly('0', '8', '16', '17', '-1', '1.5', '"8"', 'null'),
          mostly('"a"', '""', '1'),
          mostly('', ',1', ',2'),
        ),
      )
      .map((all) => `{"idt":[${all.map(([length, rest, deflated]) => `[${length},${rest}${deflated}]`).join()}]}`),
  ),
  read(text) {
    const payload = parseJsonObject(text)
    if (payload === undefined) return 'not read'
    const attachment = Buffer.alloc(16, 7)
    const unpacked = unpack({
      payload: { exp: start, ...payload },
      attachment,
      expired: false,
      outdatedKey: false,
    })
    if (unpacked === undefined) return 'of another version'
    const { idt } = payload
    if (!Array.isArray(idt)) return 'not packed'
    const again = new TextUnpacker(attachment)
    expect(again.unpack(idt)).toBe(unpacked['idt'])
    return 'unpacked'
  },
}

// Bytes in hexadecimal.
const derSignature: Parser = {
  texts: altered(
    fc
      .tuple(fc.integer({ min: 0, max: 34 }), fc.integer({ min: 0, max: 34 }), mostly('00', '01', '7f', '80', 'ff'))
      .map(([r, s, first]) => {
        const number = (length: number) => `02${hex(length)}${(first + 'ab'.repeat(40)).slice(0, length * 2)}`
        const both = number(r) + number(s)
        return `30${hex(both.length / 2)}${both}`
      }),
  ),
  read(text) {
    const bytes = Buffer.from(text, 'hex')
    const raw = rawSignature(bytes, 64)
    if (raw === undefined) return 'refused'
    const [first = 0, second = 0] = [0, 32].map((at) => BigInt(`0x${raw.toString('hex', at, at + 32)}`))
    expect(raw).toHaveLength(64)
    return [first, second].includes(0n) ? 'read, with a zero' : 'read'
  },
}

function hex(value: number): string {
  return value.toString(16).padStart(2, '0')
}

/** Readers of what is encrypted or signed by others, and of sessions as they were stored. */
export const sealedParsers = { jwe, oldCookie, deviceProof, packedSession, packedText, derSignature }
