import { expect, test } from '@jest/globals'
import type { BearerValidatorOptions, OidcOptions } from '../../../lib/index.js'
import type { Deviations, Json } from './deviations.js'
import { presentedTo, startWalk } from './walk.js'

type Preset = Pick<OidcOptions, 'issuer'> & Partial<OidcOptions>

/** What every preset has to do for people. */
export interface LoginContract {
  readonly row: Deviations
  readonly preset: Preset
  /** The same, asked for refresh tokens, where the provider does not give one anyway. `undefined`: it has none. */
  readonly refreshing?: Preset | undefined
  /** Claims that must be in `req.oidc.user`. */
  readonly user: Json
  /** What a logout's URL must begin with; `nowhere`, if the provider has no such page. */
  readonly logout: string
}

/** A preset's login, refresh and logout at its stand-in. */
export function loginContract({ row, preset, refreshing, user, logout }: LoginContract): void {
  test('signs people in', async () => {
    const walk = await startWalk(row, preset)
    expect(await walk.signIn()).toMatchObject(user)
  })

  test('signs people out, here and where the provider has a page for it', async () => {
    const walk = await startWalk(row, preset)
    await walk.signIn()
    const { sentTo, endedAt } = await walk.logOut()
    expect(sentTo.slice(0, logout.length)).toBe(logout)
    expect([endedAt, await walk.user()]).toEqual(['/', null])
  })

  if (refreshing === undefined) return

  test('gets a refresh token, and renews the access token with it', async () => {
    const walk = await startWalk(row, refreshing)
    await walk.signIn()
    const first = await walk.accessTokenAfter(0)
    const second = await walk.accessTokenAfter(4000)
    expect(walk.standIn.tokenRequests.map(({ body }) => body.get('grant_type'))).toEqual([
      'authorization_code',
      'refresh_token',
    ])
    expect(second).not.toBe(first)
    expect(await walk.user()).toMatchObject(user)
  })

  test('takes a refresh token that is dead for the end of the session', async () => {
    const walk = await startWalk(row, refreshing)
    await walk.signIn()
    walk.standIn.revoke()
    expect([await walk.accessTokenAfter(4000), await walk.user()]).toEqual(['session_expired', null])
  })
}

/** That a login gets no refresh token where it does not ask for one. */
export function noRefreshTokenUnasked(row: Deviations, preset: Preset): void {
  test('gets no refresh token without asking for one', async () => {
    const walk = await startWalk(row, preset)
    await walk.signIn()
    expect(await walk.accessTokenAfter(4000)).toBe('access_token_expired')
  })
}

/** What every preset has to do for an API. */
export interface ApiContract {
  readonly row: Deviations
  readonly preset: BearerValidatorOptions
  /** Members that the principal must have. */
  readonly principal: Json
  /** Claims that make a token somebody else's. */
  readonly foreign: Json
  /** Why those are refused, in the log. */
  readonly reason: string | RegExp
  /** Claims of an ID Token of the same provider. */
  readonly idToken: Json
}

/** A preset's API at its stand-in. */
export function apiContract({ row, preset, principal, foreign, reason, idToken }: ApiContract): void {
  test('takes access tokens of the provider', async () => {
    expect(await presentedTo(row, preset)).toMatchObject(principal)
  })

  test('refuses tokens that are meant for another API', async () => {
    expect(await presentedTo(row, preset, foreign)).toEqual({ refused: expect.stringMatching(reason) })
  })

  test('refuses tokens that somebody else signed', async () => {
    const { refused } = (await presentedTo(row, preset, {}, true)) as { readonly refused: string }
    expect(refused).toMatch(/not signed by a key of its issuer/)
  })

  test('refuses ID Tokens', async () => {
    expect(await presentedTo({ ...row, apiToken: idToken }, preset)).toEqual({ refused: expect.any(String) })
  })
}
