import { describe, expect, test } from '@jest/globals'
import { all, any, not } from '../../lib/policy/combinators.js'
import type { Principal } from '../../lib/policy/principal.js'
import { provider } from '../../lib/policy/provider.js'
import { acr, scope } from '../../lib/policy/requirements.js'
import { ask, firstLoginOf } from '../../lib/policy/requirement.js'
import { decisionOf } from '../kit/verdict.js'

function principal(name: string | undefined, scheme: Principal['scheme'] = 'session'): Principal {
  const who = { scheme, subject: 'alice', issuer: 'https://op.example.com', expiresAt: 0, claims: {}, scopes: ['a'] }
  return name === undefined ? who : { ...who, provider: name }
}

describe('provider()', () => {
  test('is met by sessions of the providers that it names', async () => {
    expect(await decisionOf(provider('work', 'google'), principal('google'))).toEqual({ met: true })
    expect((await decisionOf(not(provider('work')), principal('google'))).met).toBe(true)
    expect((await decisionOf(not(provider('work')), principal('work'))).met).toBe(false)
  })

  test.each([['google'], ['Work'], ['__proto__'], [undefined]])('asks others to sign in there: %s', async (name) => {
    const stepUp = { providers: ['work'] }
    expect(await decisionOf(provider('work'), principal(name))).toEqual({ met: false, kind: 'provider', stepUp })
  })

  test.each(['bearer', 'dpop', 'api-key'] as const)(
    'is undecided for the scheme %s, also of an issuer with that name: neither it nor its opposite is met',
    async (scheme) => {
      for (const requirement of [provider('work'), not(provider('work')), not(provider('google'))])
        expect((await decisionOf(requirement, principal('work', scheme))).met).toBe(false)
      expect(await decisionOf(any(provider('work'), scope('a')), principal('work', scheme))).toEqual({ met: true })
    },
  )

  test.each([
    ['google', 'session', '"google"', '"work" or "home"'],
    [undefined, 'session', 'missing', '"work" or "home"'],
    ['work', 'bearer', 'an access token or API key', 'a session'],
  ] as const)('says for logs what was seen and expected: %s by %s', async (name, scheme, seen, expected) => {
    const details = { subject: 'provider', seen, expected }
    expect(await ask(provider('work', 'home'), principal(name, scheme), undefined)).toMatchObject({ details })
  })

  test('lets a first login go there, where all that could be met does', () => {
    const both = { providers: ['work'], acrValues: ['mfa'] }
    expect(firstLoginOf(all(provider('work', 'google'), provider('work'), acr('mfa')))).toEqual(both)
    expect(firstLoginOf(any(provider('work'), provider('google')))).toEqual({ providers: ['work', 'google'] })
    expect(firstLoginOf(any(provider('work'), scope('a')))).toBeUndefined()
    expect(firstLoginOf(all(provider('work'), provider('google')))).toBeUndefined()
    expect(firstLoginOf(not(provider('work')))).toBeUndefined()
  })
})
