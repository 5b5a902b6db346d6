import { describe, expect, test } from '@jest/globals'
import { randomBytes } from 'node:crypto'
import { createNamedSeals, createSeal } from '../../lib/seal/seal.js'

const now = 1_800_000_000
const runtime = { now: () => now * 1000, randomBytes }
const secret = 'a secret for tests only, 32 characters at least'
const older = 'an older secret for tests, 32 characters at least'
const purpose = ['stored session', 'https://op.example.com', 'web']
const payload = { exp: now + 60, name: 'Zoë' }

describe('seals by name', () => {
  const seals = createNamedSeals([secret], purpose, runtime)

  test('open what was sealed for the same name', () => {
    expect(seals('one').open(seals('one').seal(payload))).toEqual({ payload, expired: false, outdatedKey: false })
  })

  test('open nothing that was sealed for another name, or without one', () => {
    expect(seals('two').open(seals('one').seal(payload))).toBeUndefined()
    expect(seals('one').open(createSeal([secret], purpose, runtime).seal(payload))).toBeUndefined()
  })

  test('open with an older secret, and say that it is outdated', () => {
    const before = createNamedSeals([older], purpose, runtime)
    const after = createNamedSeals([secret, older], purpose, runtime)
    expect(after('one').open(before('one').seal(payload))).toEqual({ payload, expired: false, outdatedKey: true })
    expect(before('one').open(after('one').seal(payload))).toBeUndefined()
  })
})

describe('an attachment', () => {
  const seal = createSeal([secret], purpose, runtime)

  test.each([
    ['no bytes', Buffer.alloc(0)],
    ['a zero byte', Buffer.from([0])],
    ['bytes that are not text', Buffer.from([0xff, 0, 0x7b, 0xc3, 0x28])],
    ['more than 64 KB', Buffer.alloc(70_000, 'a')],
  ])('of %s comes back beside the payload', (_what, attachment) => {
    const opened = seal.open(seal.seal(payload, attachment))
    expect(opened).toEqual({ payload, expired: false, outdatedKey: false, attachment })
  })

  test('beside a payload of more than 64 KB leaves both whole', () => {
    const large = { ...payload, text: 'ö'.repeat(40_000) }
    const attachment = Buffer.from('attached')
    expect(seal.open(seal.seal(large, attachment))).toMatchObject({ payload: large, attachment })
  })

  test('is absent where there was none', () => {
    expect(seal.open(seal.seal(payload))).not.toHaveProperty('attachment')
  })

  test('shows nothing of itself', () => {
    const decoded = seal.seal(payload, Buffer.from('canary')).split('.')
    expect(decoded.map((part) => Buffer.from(part, 'base64url').toString('latin1')).join(' ')).not.toContain('canary')
  })
})

describe('whether a value is ours', () => {
  const seal = createSeal([secret, older], purpose, runtime)

  test('shows by its key, even where the rest is spoilt or cut', () => {
    for (const by of [secret, older]) {
      const sealed = createSeal([by], purpose, runtime).seal(payload)
      const [header = ''] = sealed.split('.')
      expect([sealed, `${sealed}x`, header].map((value) => seal.isOurs(value))).toEqual([true, true, true])
    }
  })

  test('is denied for other secrets, other purposes, and what is not a sealed value', () => {
    const others = [
      createSeal(['another secret for tests, 32 characters at least'], purpose, runtime).seal(payload),
      createSeal([secret], ['another purpose'], runtime).seal(payload),
      '',
      '.',
      'text',
      `.${seal.seal(payload)}`,
    ]
    expect(others.filter((value) => seal.isOurs(value))).toEqual([])
  })
})
