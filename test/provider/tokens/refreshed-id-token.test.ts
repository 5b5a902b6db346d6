import { afterEach, describe, expect, test } from '@jest/globals'
import { tracingChannel } from 'node:diagnostics_channel'
import type { TraceEvent } from '../../../lib/base/tracing/event.js'
import type { Browser } from '../../hosts/client.js'
import { answering } from '../../kit/world/applications.js'
import { mint, otherRsaKey, rsaKey } from '../../kit/provider/keys.js'
import { type RefreshWorld, refusedConnection, startRefreshWorld, told, tokenOf } from '../../kit/world/refreshing.js'
import { changed, type Fault, subjectOf } from '../../kit/world/steps.js'

let world: RefreshWorld
afterEach(() => world.close())

const token = expect.stringMatching(/^\S{20,}$/)
const idTokenLayer = answering('/id-token', ({ oidc }) => ({ token: oidc.idToken }))
const idTokenOf = async (browser: Browser) => told(await browser.fetch(world.url('/id-token')))

/** The provider publishes a key of the test too, and signs with it. */
function resigned(change: (claims: Record<string, unknown>) => object, key = rsaKey.privateKey): Fault {
  return async (honest) => {
    const response = await honest()
    const members = (await response.json()) as Record<string, unknown>
    const payload = String(members['id_token']).split('.')[1] ?? ''
    const claims = JSON.parse(Buffer.from(payload, 'base64url').toString()) as Record<string, unknown>
    return Response.json({ ...members, id_token: await mint(change(claims), key) })
  }
}

function publish(...keys: readonly object[]): void {
  world.httpClient.spoil(
    '/jwks',
    changed((members) => ({ keys: [...(members['keys'] as object[]), ...keys] })),
  )
}

async function signedIn(keys: readonly object[] = [rsaKey.jwk]): Promise<Browser> {
  world = await startRefreshWorld({ layers: [idTokenLayer] })
  if (keys.length > 0) publish(...keys)
  return world.enter()
}

/** The events of the tracing channel for refreshes. */
async function traced(work: () => Promise<unknown>): Promise<readonly TraceEvent[]> {
  const events: TraceEvent[] = []
  const nothing = (): void => undefined
  const subscribers = {
    start: nothing,
    end: nothing,
    asyncStart: nothing,
    error: nothing,
    asyncEnd: (event: TraceEvent) => void events.push({ ...event }),
  }
  const channel = tracingChannel<unknown, TraceEvent>('express-oidc:refresh')
  channel.subscribe(subscribers)
  await work()
  channel.unsubscribe(subscribers)
  return events
}

describe('a refresh whose new ID Token is invalid', () => {
  test.each<[string, (claims: Record<string, unknown>) => object, string | undefined]>([
    ['none', (claims) => claims, undefined],
    ['another auth_time', (claims) => ({ ...claims, auth_time: 1 }), 'token_claim_invalid'],
    ['an empty nonce', (claims) => ({ ...claims, nonce: '' }), 'token_nonce_mismatch'],
    ['an old at_hash', (claims) => ({ ...claims, at_hash: 'AAAAAAAAAAAAAAAAAAAAAA' }), 'token_hash_mismatch'],
    ['an end that has passed', (claims) => ({ ...claims, exp: 1 }), 'token_expired'],
  ])('keeps the login: %s', async (_flaw, change, idTokenFlaw) => {
    const browser = await signedIn()
    const [before, first] = [await idTokenOf(browser), await tokenOf(world, browser)]
    world.spoilTokens(resigned((claims) => change({ ...claims, at_hash: undefined })))
    world.clock.advance(575)
    const [event] = await traced(() => tokenOf(world, browser))
    expect(event).toMatchObject({ outcome: 'succeeded' })
    expect(event?.idTokenFlaw).toBe(idTokenFlaw)
    expect(await tokenOf(world, browser)).not.toBe(first)
    expect(await subjectOf(world, browser)).toBe('alice')
    const after = await idTokenOf(browser)
    if (idTokenFlaw === undefined) expect(after).not.toBe(before)
    else expect(after).toBe(before)
    world.spoilTokens()
    world.clock.advance(700)
    expect(await tokenOf(world, browser)).toEqual(token)
  })
})

describe('a refresh whose new ID Token has an unavailable key', () => {
  async function renewedBlindly(key = rsaKey.privateKey) {
    const browser = await signedIn([])
    const before = await idTokenOf(browser)
    world.spoilTokens(resigned((claims) => ({ ...claims, at_hash: undefined }), key))
    world.httpClient.spoil('/jwks', refusedConnection)
    world.clock.advance(700)
    const renewed = await tokenOf(world, browser)
    return { browser, before, renewed }
  }

  test('keeps the new tokens in the session, and hides the ID Token until it is verified', async () => {
    const { browser, before, renewed } = await renewedBlindly()
    expect(renewed).toEqual(token)
    expect(await tokenOf(world, browser)).toBe(renewed)
    expect(await idTokenOf(browser)).toBe(before)
    publish(rsaKey.jwk)
    world.clock.advance(61)
    expect(await tokenOf(world, browser)).toBe(renewed)
    const after = await idTokenOf(browser)
    expect(after).toEqual(token)
    expect(after).not.toBe(before)
    expect(world.refreshes).toHaveLength(1)
  })

  test('ends the session where the signature turns out to be invalid', async () => {
    const { browser, renewed } = await renewedBlindly(otherRsaKey.privateKey)
    expect(renewed).toEqual(token)
    publish(rsaKey.jwk)
    world.clock.advance(61)
    expect(await tokenOf(world, browser)).toEqual([502, 'token_signature_invalid'])
    expect(await subjectOf(world, browser)).toBeNull()
  })
})

test('a token with a shorter lifetime than requested is traced', async () => {
  world = await startRefreshWorld()
  const browser = await world.enter()
  const [event] = await traced(async () => {
    world.clock.advance(400)
    return tokenOf(world, browser, '?minTtl=3600')
  })
  expect(event).toMatchObject({ outcome: 'succeeded', isShortLived: true })
})
