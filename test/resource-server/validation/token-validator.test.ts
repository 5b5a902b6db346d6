import { describe, expect, test } from '@jest/globals'
import { inspect } from 'node:util'
import type { TraceEvent } from '../../../lib/index.js'
import { reasonOf, refusalOf, testApi } from '../../kit/resource-server/api.js'
import { watchAll } from '../../kit/watching/watching.js'

describe('a valid access token', () => {
  test('says who makes the request, for whom, and what is allowed', async () => {
    const { accept, issuer } = testApi()
    const token = issuer.accessToken({ scope: 'orders:read orders:write', acr: '1' })
    const principal = await accept(token)
    expect(principal).toMatchObject({
      scheme: 'bearer',
      subject: 'alice',
      issuer: issuer.issuer,
      clientId: 'web',
      isMachine: false,
      scopes: ['orders:read', 'orders:write'],
      expiresAt: issuer.clock.seconds + 300,
    })
    expect(principal.token).toBe(token)
  })

  test('is not shown by inspecting or serializing its principal', async () => {
    const { accept, issuer } = testApi()
    const token = issuer.accessToken()
    const principal = await accept(token)
    expect(inspect(principal, { depth: 9, showHidden: true })).not.toContain(token)
    expect(JSON.stringify(principal)).not.toContain(token)
    expect({ ...principal }).not.toHaveProperty('token')
  })

  test('has claims that no caller can change, also when it is seen again', async () => {
    const { accept, issuer } = testApi()
    const token = issuer.accessToken({ nested: { list: [1] } })
    await accept(token)
    await accept(token)
    const [first, second] = [await accept(token), await accept(token)]
    expect(first.claims).toBe(second.claims)
    expect(Object.isFrozen(first.claims) && Object.isFrozen(first.claims['nested'])).toBe(true)
    expect(Object.isFrozen(first) && Object.isFrozen(first.scopes)).toBe(true)
  })

  test('is validated without any request once the keys are known', async () => {
    const { accept, issuer, validator } = testApi()
    await validator.ready()
    const before = issuer.requests.length
    for (let i = 0; i < 20; i++) await accept(issuer.accessToken())
    expect(issuer.requests).toHaveLength(before)
  })
})

describe('a token with too many groups', () => {
  test('is noted where it is validated', async () => {
    const said: TraceEvent['remarks'][] = []
    const watching = watchAll((event, phase) => {
      if (event.step === 'validation' && phase.endsWith('nd')) said.push(event.remarks)
    })
    const { accept, issuer, validator } = testApi()
    await validator.ready()
    await accept(issuer.accessToken({ _claim_names: { groups: 'src1' } }))
    await accept(issuer.accessToken({ groups: ['a'] }))
    watching.stop()
    expect(said).toEqual([['groups_left_out'], undefined])
  })
})

describe('a refusal of a token', () => {
  test('by another key does not say why', async () => {
    const { refuse, issuer } = testApi()
    const other = testApi().issuer
    const token = other.accessToken({}, { kid: issuer.keys[0]?.kid })
    const error = await refuse(token)
    expect(error).toMatchObject({ status: 401, code: 'invalid_token' })
    expect(error.headers['WWW-Authenticate']).toBe(
      'Bearer error="invalid_token", error_description="the access token is not valid here"',
    )
    expect(reasonOf(error)).toBe('token_signature_invalid')
  })

  test('without credentials is a bare challenge', async () => {
    const error = await refusalOf(testApi().validator.validate(undefined))
    expect(error).toMatchObject({ status: 401, code: 'missing_token', headers: { 'WWW-Authenticate': 'Bearer' } })
  })
})
