import { describe, expect, test } from '@jest/globals'
import { createDpopNonces, ownSecret } from '../../../lib/resource-server/proof-of-possession/dpop-nonce.js'
import { Clock } from '../../kit/clock.js'

const [one, two, three] = ['one', 'two', 'three'].map((name) => `${name}-random-secret-0123456789abcdef!!`) as [
  string,
  string,
  string,
]

test('the secret for nonces of a process is 32 random bytes, which are drawn once', () => {
  const sizes: number[] = []
  const clock = new Clock()
  clock.randomBytes = (length) => {
    sizes.push(length)
    return Buffer.alloc(length, 7)
  }
  const secret = ownSecret(clock)
  expect([secret, ownSecret(clock), ownSecret(new Clock())]).toEqual(['07'.repeat(32), secret, secret])
  expect(sizes).toEqual([32])
})

describe('the nonces for DPoP proofs', () => {
  test('are those of every version with the same secret, of which there is one', () => {
    const nonces = createDpopNonces([one], 300, new Clock())
    expect(nonces.current()).toBe('ON8NyCFE0HXVQu1T4LfgSmAUnz6WBVzWCQsMYaiy-BY')
    expect(() => createDpopNonces([], 300, new Clock())).toThrow(
      new RangeError('createDpopNonces() needs at least one secret'),
    )
  })

  test('are current for a lifetime, known for the next, and then unknown', () => {
    const clock = new Clock()
    const nonces = createDpopNonces([one], 300, clock)
    const nonce = nonces.current()
    // The clock begins with a period.
    for (const [seconds, age] of [
      [0, 'current'],
      [299.999, 'current'],
      [300, 'previous'],
      [599.999, 'previous'],
      [600, 'unknown'],
      [-0.001, 'unknown'],
    ] as const) {
      clock.seconds = 1_800_000_000 + seconds
      expect([seconds, nonces.ageOf(nonce)]).toEqual([seconds, age])
    }
  })

  test('are made with the first secret, and known by any', () => {
    const clock = new Clock()
    const nonces = createDpopNonces([one, two], 300, clock)
    const other = createDpopNonces([two, three], 300, clock)
    const stranger = createDpopNonces([three], 300, clock)
    expect(nonces.current()).toBe(createDpopNonces([one], 300, clock).current())
    const [ours, others, strangers] = [nonces.current(), other.current(), stranger.current()]
    expect([ours, others, strangers].map((each) => nonces.ageOf(each))).toEqual(['current', 'current', 'unknown'])
    clock.seconds += 300
    expect([ours, others, strangers].map((each) => nonces.ageOf(each))).toEqual(['previous', 'previous', 'unknown'])
  })

  test('a value that is not the nonce itself has an unknown age', () => {
    const nonces = createDpopNonces([one], 300, new Clock())
    const nonce = nonces.current()
    const others = [
      undefined,
      null,
      5,
      '',
      [nonce],
      { nonce },
      `${nonce}=`,
      ` ${nonce}`,
      nonce.slice(1),
      nonce.toLowerCase(),
    ]
    for (const other of [...others, nonce.padEnd(64, 'x'), nonce.padEnd(65, 'x'), 'x'.repeat(1e6)]) {
      expect(nonces.ageOf(other)).toBe('unknown')
    }
  })
})
