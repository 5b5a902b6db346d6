import { describe, expect, test } from '@jest/globals'
import { ProviderDirectory, type Resolver } from '../../../lib/middleware/providers/provider-directory.js'
import { Clock } from '../../kit/clock.js'
import { failureOf } from '../../kit/failure.js'

type Parts = ConstructorParameters<typeof ProviderDirectory>

function directoryOf(resolver: Resolver): ProviderDirectory {
  const application = { runtime: new Clock() } as unknown as Parts[0]
  const providerCache = { maxEntries: 1000, seconds: 60 }
  const configuration = { providerCache, defaults: {}, httpTimeoutSeconds: 10 } as unknown as Parts[1]
  return new ProviderDirectory(application, configuration, resolver)
}

const fromPath = { req: {} as Parameters<ProviderDirectory['find']>[1]['req'], isFromPath: true }

describe('the directory of providers', () => {
  test('does not ask the application for what cannot be a name', () => {
    const asked: string[] = []
    const directory = directoryOf((name) => void asked.push(name))
    expect(['..', '', 'a/b'].map((name) => directory.find(name, fromPath))).toEqual([undefined, undefined, undefined])
    expect(asked).toEqual([])
  })

  test('asks for a hundred names of paths at a time, and for those of sessions still', async () => {
    const waiting: (() => void)[] = []
    const directory = directoryOf((name) =>
      name === 'session' ? null : new Promise<void>((resolve) => waiting.push(resolve)),
    )
    const asked = Array.from({ length: 100 }, (_, index) =>
      Promise.resolve(directory.find(`tenant-${index}`, fromPath)),
    )
    const refused = await failureOf(async () => directory.find('one-more', fromPath))
    expect(refused).toMatchObject({ code: 'provider_options_unavailable', status: 503 })
    expect(await directory.find('session', { ...fromPath, isFromPath: false })).toBeUndefined()
    expect(waiting).toHaveLength(100)
    for (const answer of waiting) answer()
    expect(new Set(await Promise.all(asked))).toEqual(new Set([undefined]))
    const again = directory.find('one-more', fromPath)
    while (waiting.length === 100) await new Promise(setImmediate)
    waiting.at(-1)?.()
    expect(await again).toBeUndefined()
  })

  test.each([
    ['a list', [{ issuer: 'https://id.example.com' }]],
    ['a map', new Map([['issuer', 'https://id.example.com']])],
    ['a text', 'https://id.example.com'],
  ])('refuses %s as the options of a provider', async (_what, options) => {
    const error = await failureOf(async () => directoryOf(() => options).find('work', fromPath))
    expect(error).toMatchObject({ code: 'invalid_options' })
    expect(error.message).toContain('work')
  })

  test('passes on what a getter of the options throws, and asks again the next time', async () => {
    let calls = 0
    const broken = new Error('no database')
    const directory = directoryOf(() => {
      calls += 1
      return Object.defineProperty({}, 'issuer', {
        enumerable: true,
        get: () => {
          throw broken
        },
      })
    })
    expect(await failureOf(async () => directory.find('work', fromPath))).toBe(broken)
    expect(await failureOf(async () => directory.find('work', fromPath))).toBe(broken)
    expect(calls).toBe(2)
  })
})
