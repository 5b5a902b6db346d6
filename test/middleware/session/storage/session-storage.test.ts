import { describe, expect, test } from '@jest/globals'
import type { OidcOptions } from '../../../../lib/index.js'
import { createSessionStorages } from '../../../../lib/middleware/session/storage/session-storage.js'
import { parseOidcOptions } from '../../../../lib/options/oidc/schema.js'
import { createApplication } from '../../../../lib/relying-party/application.js'
import type { SessionRecord } from '../../../../lib/session/record.js'
import { type FoundSession, unreadable } from '../../../../lib/session/storage/storage.js'
import { record, sentBack } from '../../../session/example.js'
import { Clock } from '../../../kit/clock.js'
import { plainRequest } from '../../../kit/request.js'
import { FakeStore } from '../../../kit/stores/memory.js'
import { secret } from '../../../kit/world/world.js'

const clock = new Clock()
const required: OidcOptions = {
  issuer: 'https://op.example.com',
  clientId: 'web',
  clientSecret: 'of the client',
  baseUrls: ['https://a.example.com', 'https://b.example.com'],
  secret,
}

const storagesOf = (options: Partial<OidcOptions>) => {
  const application = createApplication(parseOidcOptions({ ...required, ...options }), ['web'], clock)
  return createSessionStorages(application, { countsAsUse: () => true })
}

/** The storages of the two hosts of an application. */
function twoHosts(options: Partial<OidcOptions> = {}) {
  const storageOf = storagesOf(options)
  return (['a', 'b'] as const).map((name) => {
    const host = `${name}.example.com`
    const storage = storageOf({} as never, plainRequest({ host }))
    return {
      write: async (changes: Partial<SessionRecord>) => {
        const given = record({ origin: `https://${host}`, ...changes })
        return sentBack(storage.write((await storage.save(given, undefined)) ?? given, {}))
      },
      read: async (cookies: Record<string, string>): Promise<FoundSession> => storage.read(cookies),
    }
  })
}

type HostStorage = ReturnType<typeof twoHosts>[number]

/** Reads cookies until they are known. */
async function know(host: HostStorage | undefined, changes: Partial<SessionRecord>): Promise<Record<string, string>> {
  const cookies = (await host?.write(changes)) ?? {}
  for (let times = 0; times < 3; times += 1) await host?.read(cookies)
  return cookies
}

describe('what cookies of the hosts of one application were opened to', () => {
  test('has one bound in memory for all hosts', async () => {
    const [a, b] = twoHosts({ session: { maxCookieBytes: 12_288 } })
    const cookies = await know(b, {})
    const recordNow = async () => ((await b?.read(cookies)) as { record: SessionRecord }).record
    const known = await recordNow()
    expect(await recordNow()).toBe(known)
    // Small members: little to send, and much in memory.
    const list = Array.from({ length: 2_500 }, () => [])
    for (let of = 0; of < 130; of += 1) await know(a, { id: `large-${of}`, data: { list } })
    expect(await recordNow()).not.toBe(known)
    expect(await recordNow()).toEqual(known)
  })

  test.each([
    ['sealed cookies', {}],
    ['a store', { session: { store: new FakeStore(clock) } }],
  ])('is not found by the cookie of another host: %s', async (_kind, options) => {
    const [a, b] = twoHosts(options)
    const [[name = '', value = ''] = []] = Object.entries(await know(a, {}))
    const [ofB = ''] = Object.keys(await know(b, { id: 'of-b' }))
    expect(ofB).not.toBe(name)
    expect(await a?.read({ [name]: value })).toMatchObject({ record: { id: 'an-id' } })
    expect(await b?.read({ [ofB]: value })).toBeUndefined()
  })
})

test.each([{}, { origin: 'null' }, { origin: 'https://c.example.com' }])(
  'GU04: no session is found for a WebSocket whose Origin is none of the hosts: %j',
  async (origin) => {
    const request = plainRequest({ host: 'a.example.com', upgrade: 'websocket', ...origin })
    expect(await storagesOf({})({} as never, request).read({})).toBe(unreadable)
  },
)
