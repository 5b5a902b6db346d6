import { describe, expect, test } from '@jest/globals'
import { Batches } from '../../../lib/session/shared/batches.js'
import { settled } from '../../kit/until.js'

/** Batches whose work ends when a test says so; its result is the items, joined. */
function heldBatches() {
  const begun: { readonly work: string; end(error?: Error): void }[] = []
  const batches = new Batches<string, string>((key, items) => {
    const text = items.join('')
    return new Promise((resolve, reject) => {
      const end = (error?: Error) => (error === undefined ? resolve(text) : reject(error))
      begun.push({ work: `${key}: ${text}`, end })
    })
  })
  return { batches, begun, work: () => begun.map(({ work }) => work) }
}

describe('work in batches', () => {
  test('begins at once where none is under way for its key', async () => {
    const { batches, begun, work } = heldBatches()
    const results = [batches.add('a', '1'), batches.add('b', '2')]
    expect(work()).toEqual(['a: 1', 'b: 2'])
    for (const each of begun) each.end()
    expect(await Promise.all(results)).toEqual(['1', '2'])
  })

  test('takes all items together that have waited, in their order, and one batch after the other', async () => {
    const { batches, begun, work } = heldBatches()
    const results = ['1', '2', '3'].map((item) => batches.add('a', item))
    await settled()
    expect(work()).toEqual(['a: 1'])
    begun[0]?.end()
    await settled()
    results.push(batches.add('a', '4'))
    expect(work()).toEqual(['a: 1', 'a: 23'])
    begun[1]?.end()
    await settled()
    expect(work()).toEqual(['a: 1', 'a: 23', 'a: 4'])
    begun[2]?.end()
    expect(await Promise.all(results)).toEqual(['1', '23', '23', '4'])
  })

  test('goes on after a failure, which is that of its own items only', async () => {
    const { batches, begun } = heldBatches()
    const results = Promise.allSettled(['1', '2', '3'].map((item) => batches.add('a', item)))
    begun[0]?.end(new Error('first'))
    await settled()
    begun[1]?.end()
    expect(await results).toMatchObject([{ reason: { message: 'first' } }, { value: '23' }, { value: '23' }])
  })

  test('fails for all of its items', async () => {
    const { batches, begun } = heldBatches()
    const results = Promise.allSettled(['1', '2', '3'].map((item) => batches.add('a', item)))
    begun[0]?.end()
    await settled()
    begun[1]?.end(new Error('second'))
    const failure = { reason: { message: 'second' } }
    expect(await results).toMatchObject([{ value: '1' }, failure, failure])
  })

  test('RE01: leaves nothing behind, whether it succeeds or fails', async () => {
    const { batches, begun } = heldBatches()
    const results = Promise.allSettled(['a', 'a', 'b'].map((key) => batches.add(key, 'x')))
    expect(batches.size).toBe(2)
    for (const [index, error] of [undefined, new Error('b'), new Error('a')].entries()) {
      begun[index]?.end(error)
      await settled()
    }
    await results
    expect(batches.size).toBe(0)
  })
})
