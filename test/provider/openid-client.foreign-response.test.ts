import { afterEach, describe, expect, jest, test } from '@jest/globals'

const native = globalThis.Response

/** As servers for other runtimes make one: in place of the global, lazy, and of its kind by the prototype only. */
class LazyResponse {
  readonly #made: () => Response

  constructor(body?: string | null, init?: ResponseInit) {
    this.#made = () => new native(body, init)
  }

  get status(): number {
    return this.#made().status
  }

  get headers(): Headers {
    return this.#made().headers
  }

  async text(): Promise<string> {
    return this.#made().text()
  }
}
for (const name of ['text', 'json']) Object.defineProperty(LazyResponse.prototype, name, { writable: false })
Object.setPrototypeOf(LazyResponse, native)
Object.setPrototypeOf(LazyResponse.prototype, native.prototype)

/** Has nothing of a response but its name. */
class Unrelated {
  constructor() {
    throw new Error('nobody is to make one')
  }
}

afterEach(() => {
  globalThis.Response = native
})

async function walk(replace: (when: 'before' | 'after') => void): Promise<unknown[]> {
  // Everything anew, openid-client too.
  jest.resetModules()
  replace('before')
  const { startRefreshWorld, tokenOf } = await import('../kit/world/refreshing.js')
  const { subjectOf } = await import('../kit/world/steps.js')
  const world = await startRefreshWorld()
  replace('after')
  try {
    const browser = await world.enter()
    const first = await tokenOf(world, browser)
    world.clock.advance(700)
    const second = await tokenOf(world, browser)
    return [await subjectOf(world, browser), world.refreshes.length, first !== second]
  } finally {
    await world.close()
  }
}

describe.each([
  ['a lazy one on the prototype of the runtime', LazyResponse],
  ['an unrelated class', Unrelated],
])('where the global Response is replaced by %s', (_what, foreign) => {
  test.each(['before', 'after'])('%s this package is loaded, a login and a refresh work', async (moment) => {
    const walked = walk((when) => {
      if (when === moment) globalThis.Response = foreign as unknown as typeof Response
    })
    expect(await walked).toEqual(['alice', 1, true])
  })
})
