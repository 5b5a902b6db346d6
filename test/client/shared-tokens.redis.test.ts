import { afterAll, afterEach, beforeEach, expect, test } from '@jest/globals'
import { createClientCredentials } from '../../lib/client/client-credentials.js'
import { parseClientCredentialsOptions } from '../../lib/options/client/schema.js'
import { redisStore } from '../../lib/redis/index.js'
import { connected } from '../kit/redis/clients.js'
import { type RedisServer, startRedis, stopEveryRedis } from '../kit/redis/server.js'
import { describeWith } from '../setup/describe-with.js'
import { createTokens, type Tokens } from '../kit/client/source.js'

afterAll(stopEveryRedis)

describeWith('redis-server', 'processes of one machine, on one Redis,', (path) => {
  let server: RedisServer
  let client: Awaited<ReturnType<typeof connected>>
  let tokens: Tokens
  beforeEach(async () => {
    server = await startRedis({ path })
    client = await connected(server.url)
    tokens = createTokens()
  })
  afterEach(async () => {
    client.destroy()
    await server.stop()
  })

  // A busy machine may take a while to answer.
  function startProcess(timeoutSeconds = 30) {
    const { issuer, fetch, clock } = tokens.op
    const given = {
      issuer,
      fetch,
      clientId: 'machine',
      clientSecret: 'secret-1',
      sharedStore: redisStore(client, { timeoutSeconds }),
      secret: 'a secret for tests only, 32 characters at least',
    }
    return createClientCredentials(parseClientCredentialsOptions(given), clock)
  }

  test('find what one of them has fetched, sealed and with its lifetime', async () => {
    expect(await startProcess().getToken()).toBe('token-1')
    let names: readonly string[] = []
    while (names.length === 0) names = await client.keys('*')
    expect(await startProcess().getToken()).toBe('token-1')
    expect(tokens.requests()).toHaveLength(1)
    expect(await client.get(names[0] ?? '')).not.toContain('token-1')
    const left = await client.pTTL(names[0] ?? '')
    expect([left > 540_000, left <= 600_000]).toEqual([true, true])
  })

  test('fetch for themselves while it is gone', async () => {
    await server.kill()
    const sources = [startProcess(0.3), startProcess(0.3)]
    expect(await Promise.all(sources.map((source) => source.getToken()))).toEqual(['token-1', 'token-2'])
    expect(sources[0]?.health().sharedStore?.isUnavailable).toBe(true)
  })
})
