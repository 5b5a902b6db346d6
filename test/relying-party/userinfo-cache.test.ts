import { describe, expect, test } from '@jest/globals'
import { UserinfoCache } from '../../lib/relying-party/userinfo-cache.js'
import { Clock } from '../kit/clock.js'
import { record } from '../session/example.js'

describe('the cache of userinfo claims', () => {
  const claims = (sub: string) => async () => ({ sub })

  test('RE01: is bounded by the number of sessions and by the size of what they hold', async () => {
    const cache = new UserinfoCache(new Clock())
    for (let count = 0; count <= 10_000; count += 1) await cache.ask(record({ id: `s${count}` }), 'token', claims('x'))
    expect(cache.known(record({ id: 's0' }), 60)).toBeUndefined()
    expect(cache.known(record({ id: 's10000' }), 60)).toEqual({ sub: 'x' })
    for (let count = 0; count < 20; count += 1) {
      await cache.ask(record({ id: `big${count}` }), 'token', async () => ({
        sub: 'x',
        text: 'x'.repeat(1_000_000),
      }))
    }
    expect(cache.known(record({ id: 'big0' }), 60)).toBeUndefined()
    expect(cache.known(record({ id: 'big19' }), 60)).toBeDefined()
  })

  test('joins requests with the same access token only', async () => {
    const cache = new UserinfoCache(new Clock())
    const asked: string[] = []
    const answers: (() => void)[] = []
    const ask = (token: string) =>
      cache.ask(record(), token, (of) => {
        asked.push(of)
        return new Promise((resolve) => answers.push(() => resolve({ sub: 'alice', of })))
      })
    const all = Promise.all([ask('old'), ask('new'), ask('old')])
    for (const answer of answers) answer()
    expect([asked, (await all).map(({ of }) => of)]).toEqual([
      ['old', 'new'],
      ['old', 'new', 'old'],
    ])
  })

  test('keeps nothing that arrives after its session has ended', async () => {
    const cache = new UserinfoCache(new Clock())
    let answer = (_claims: { sub: string }): void => undefined
    const asking = cache.ask(record(), 'token', () => new Promise((resolve) => (answer = resolve)))
    cache.forget(record())
    answer({ sub: 'alice' })
    expect(await asking).toEqual({ sub: 'alice' })
    expect(cache.known(record(), 60)).toBeUndefined()
    await expect(cache.ask(record(), 'token', () => Promise.reject(new Error('away')))).rejects.toThrow('away')
    await cache.ask(record(), 'token', claims('alice'))
    expect(cache.known(record(), 60)).toEqual({ sub: 'alice' })
  })

  test('does not treat an old response as recent when the clock is set back', async () => {
    const watch = new Clock()
    const cache = new UserinfoCache(watch)
    await cache.ask(record(), 'token', claims('alice'))
    watch.seconds -= 1_000
    expect(cache.known(record(), 300)).toBeUndefined()
  })
})
