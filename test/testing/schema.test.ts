import { beforeEach, describe, expect, test } from '@jest/globals'
import express from 'express'
import request from 'supertest'
import { oidc } from '../../lib/index.js'
import { type TestProvider, type TestProviderOptions, signedIn, testProvider } from '../../lib/testing/index.js'
import { stopMachine } from '../kit/clock.js'

let provider: TestProvider
beforeEach(async () => {
  provider = await testProvider()
})
const app = () => request(express().use(oidc(provider.options.oidc)))

describe('testProvider()', () => {
  test.each([
    [{ user: {} }, '"user" is not an option: did you mean "users"?'],
    [{ users: {} }, '"users" must name at least one person'],
    [{ users: { alice: 'hr' } }, '"users.alice" must be an object of claims'],
    [{ users: ['alice'] }, '"users.0" must be an object of claims'],
    [{ users: { alice: { sub: 7 } } }, 'users.alice.sub must be text'],
    [{ clients: ['web'] }, '"clients.0" must be an object'],
    [
      { clients: { web: { redirectUri: 'x' } } },
      '"clients.web.redirectUri" is not an option: did you mean "redirectUris"?',
    ],
    [{ issuer: 'https://id.test/' }, '"issuer" must be a URL without a slash at its end'],
    [{ issuer: 'https://id.test?tenant=1' }, '"issuer" must be a URL, without query'],
    [{ baseUrl: 'localhost:3000' }, '"baseUrl" must be a URL'],
    [{ audience: 7 }, '"audience" must be a string'],
    [{ tokenFormat: 'JWT' }, '"tokenFormat" must be "jwt" or "opaque"'],
    [{ accessTokenSeconds: '300' }, '"accessTokenSeconds" must be a number of seconds'],
    [{ fetch: 'https://api.test' }, '"fetch" must be a function'],
    [null, 'options must be an object'],
  ])('refuses %j', async (options, message) => {
    await expect(testProvider(options as TestProviderOptions)).rejects.toThrow(message)
  })

  test('lists all mistakes at once, and freezes nothing of the caller', async () => {
    await expect(testProvider({ user: {}, audience: 7 } as object)).rejects.toThrow(
      /"audience" must be[\s\S]+"user" is not/,
    )
    const users = { alice: { address: { country: 'CH' } } }
    await testProvider({ users })
    expect(Object.isFrozen(users.alice.address)).toBe(false)
  })
})

describe('what a test asks of its provider', () => {
  test('signIn() takes an empty Cookie header for none', async () => {
    expect((await provider.signIn(app(), 'alice', { cookie: '' })).cookie).toMatch(/^oidc_/)
  })

  test.each([
    [{ pth: '/me' }, 'signIn(): invalid options\n  - "pth" is not an option: did you mean "path"?'],
    [{ path: 'me' }, '"path" must be a path that starts with "/"'],
    [{ authTime: '12:00' }, '"authTime" must be a number of seconds'],
    [{ user: 'bob' }, '"user" is not an option'],
  ])('signIn() refuses %j', async (options, message) => {
    await expect(provider.signIn(app(), 'alice', options as object)).rejects.toThrow(message)
  })

  test('signOut() and backchannelLogout() refuse what they do not have', async () => {
    await expect(provider.signOut(app(), { url: '/out' } as object)).rejects.toThrow('signOut(): invalid options')
    const wrong = { clientID: 'web' } as object
    await expect(provider.backchannelLogout('alice', wrong)).rejects.toThrow('did you mean "clientId"?')
  })

  test.each([
    [{ sb: 'alice' }, '(): invalid options\n  - "sb" is not an option: did you mean "sub"?'],
    [{ clientId: ['web'] }, '"clientId" must be a string'],
    [{ expiresIn: Number.NaN }, '"expiresIn" must be a number of seconds'],
    ['alice', 'options must be an object'],
  ])('accessToken() refuses %j', (options, message) => {
    const { accessToken } = provider
    for (const make of [accessToken, accessToken.expired, accessToken.forged, accessToken.idToken]) {
      expect(() => make(options as object)).toThrow(message)
    }
  })

  test.each([Number.NaN, Infinity, -1, '5'])('advance(%j) is refused, and moves no clock', (seconds) => {
    const goOn = stopMachine()
    try {
      const before = provider.now()
      expect(() => provider.advance(seconds as number)).toThrow('advance() takes a number of seconds')
      expect(provider.now()).toBe(before)
    } finally {
      goOn()
    }
  })

  test.each([0, 199, 600, '503', undefined])('fail() refuses the status %j', (status) => {
    expect(() => provider.fail('token', status as number)).toThrow('fail() takes a status from 200 to 599')
  })
})

describe('signedIn()', () => {
  test.each([
    [{ scopes: 'orders' }, '"scopes" is not an option: did you mean "scope"?'],
    [{ scope: ['orders'] }, '"scope" must be a string'],
    [{ authTime: new Date(0) }, '"authTime" must be a number of seconds'],
    [{ expiresIn: '60' }, '"expiresIn" must be a number of seconds'],
    [{ data: ['cart'] }, '"data" must be an object'],
    [null, 'options must be an object'],
  ])('refuses %j', async (options, message) => {
    const auth = oidc(provider.options.oidc)
    await expect(signedIn(auth, { sub: 'alice' }, options as object)).rejects.toThrow(message)
  })

  test.each([[undefined], ['alice'], [{}], [{ sub: '' }]])('refuses %j as claims', async (claims) => {
    await expect(signedIn(oidc(provider.options.oidc), claims as never)).rejects.toThrow("as in { sub: 'alice' }")
  })
})
