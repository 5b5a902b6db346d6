import { beforeEach, describe, expect, test } from '@jest/globals'
import { TokenEndpointError } from '../../../lib/errors.js'
import { clientSettings, providerSettings } from '../../../lib/provider/settings.js'
import { parseOidcOptions } from '../../../lib/options/oidc/schema.js'
import { createProvider } from '../../../lib/provider/provider.js'
import type { RefreshRequest } from '../../../lib/provider/types.js'
import { createRelyingParty } from '../../../lib/relying-party/create.js'
import type { RelyingParty } from '../../../lib/relying-party/relying-party.js'
import { currentAccessToken } from '../../../lib/relying-party/tokens/access-token.js'
import type { RefreshableSession } from '../../../lib/relying-party/tokens/renewal.js'
import type { SessionRecord } from '../../../lib/session/record.js'
import { record } from '../../session/example.js'
import { FakeStore } from '../../kit/stores/memory.js'
import { Clock, start } from '../../kit/clock.js'

const names = ['a', 'b', 'c'].map((name) => `https://${name}.example.com`)

let watch: Clock
let sharedStore: FakeStore
let spent: string[]
let isRotating: boolean
beforeEach(() => {
  watch = new Clock()
  sharedStore = new FakeStore(watch)
  spent = []
  isRotating = true
})

/** A provider that revokes everything when a refresh token comes twice. */
async function refresh({ refreshToken, parameters = {} }: RefreshRequest) {
  if (isRotating && spent.includes(refreshToken)) throw new TokenEndpointError('invalid_grant', 'used up')
  spent.push(refreshToken)
  await new Promise(setImmediate)
  return {
    accessToken: `for ${parameters['resource'] ?? 'main'} by ${spent.length}`,
    tokenType: 'bearer',
    scope: 'openid',
    expiresAt: watch.seconds + 600,
    refreshToken: isRotating ? `r${spent.length}` : refreshToken,
  }
}

function startProcess(): RelyingParty {
  const options = parseOidcOptions({
    issuer: 'https://op.example.com',
    clientId: 'web',
    clientSecret: 'secret',
    baseUrl: 'https://app.example.com',
    secret: 'a secret for tests only, 32 characters at least',
    resource: names,
    sharedStore: sharedStore,
  })
  const provider = createProvider(
    { issuer: options.issuer, ...providerSettings(options, watch) },
    clientSettings(options),
  )
  return createRelyingParty(options, { ...provider, ready: async () => ({ warnings: [] }), refresh }, watch)
}

const main = { accessToken: 'main', tokenType: 'bearer', scope: 'openid', obtainedAt: start, expiresAt: start + 600 }

/** A request that carries the session in its cookie. */
function request(rp: RelyingParty, changes: Partial<SessionRecord> = {}) {
  let current: SessionRecord | undefined = record({ tokens: { ...main, refreshToken: 'r0' }, ...changes })
  const session: RefreshableSession = {
    current: () => (current = current === undefined ? undefined : rp.refreshes.latest(current)),
    store: (next) => void (current = next),
    clear: () => void (current = undefined),
    reload: () => current,
    canStore: () => true,
  }
  return { session, tokenFor: (resource?: string) => currentAccessToken(rp, session, { resource }) }
}

describe('several processes with one store', () => {
  test.each([true, false])('RF02: use each refresh token once for all targets (rotating: %p)', async (rotating) => {
    isRotating = rotating
    const processes = [startProcess(), startProcess()]
    watch.seconds += 700
    const wanted = [...names, undefined]
    const answers = await Promise.all(
      processes.flatMap((rp) => wanted.map((resource) => request(rp).tokenFor(resource))),
    )
    expect(new Set(answers).size).toBe(4)
    expect(answers.slice(0, 4)).toEqual(answers.slice(4))
    expect(spent).toHaveLength(4)
    expect(new Set(spent).size).toBe(rotating ? 4 : 1)
  })

  test('RF16: give late requests, with the cookie from before, all that was renewed', async () => {
    const [first, second] = [startProcess(), startProcess()]
    const early = request(first)
    for (const name of names) await early.tokenFor(name)
    await second.refreshes.loadSuccessors(record({ tokens: { ...main, refreshToken: 'r0' } }))
    const late = request(second)
    const token = await late.tokenFor(names[0])
    expect([token, spent.length]).toEqual([await early.tokenFor(names[0]), 3])
    expect(late.session.current()?.tokens.refreshToken).toBe('r3')
  })
})

describe('a request that waits for the refresh lock', () => {
  test('uses no further refresh token once its own target is served', async () => {
    const rp = startProcess()
    const requests = Array.from({ length: 30 }, () => request(rp))
    const tokens = await Promise.all(requests.map((each, index) => each.tokenFor(names[index % 3])))
    expect([new Set(tokens).size, spent]).toEqual([3, ['r0', 'r1', 'r2']])
  })

  test('stops before the next refresh token is used where its response has begun, or its session has ended', async () => {
    const rp = startProcess()
    const [first, second, third] = [request(rp), request(rp), request(rp)]
    let isOpen = true
    second.session.canStore = () => isOpen
    const outcomes = [first.tokenFor(names[0]), second.tokenFor(names[1]), third.tokenFor(names[2])]
    await new Promise(setImmediate)
    isOpen = false
    await third.session.clear()
    const results = await Promise.allSettled(outcomes)
    expect(results.map((each) => (each.status === 'rejected' ? each.reason.code : each.status))).toEqual([
      'fulfilled',
      'headers_already_sent',
      'session_missing',
    ])
    expect(spent).toEqual(['r0'])
  })

  test('gets a token even where the provider issues the same one again', async () => {
    const rp = startProcess()
    const each = request(rp, { tokens: { ...main, refreshToken: 'r0', accessToken: 'for main by 1' } })
    watch.seconds += 700
    expect(await each.tokenFor()).toBe('for main by 1')
    expect(spent).toEqual(['r0'])
  })
})
