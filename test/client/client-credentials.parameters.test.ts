import { describe, expect, test } from '@jest/globals'
import { Clock } from '../kit/clock.js'
import { createTokens } from '../kit/client/source.js'
import { failureOf } from '../kit/failure.js'
import { FakeStore } from '../kit/stores/memory.js'

const organization = 'org_1'

describe('further parameters of a machine’s token requests', () => {
  test('are sent with each token request and each exchange', async () => {
    const { source, requests } = createTokens({ params: { organization } })
    await source.getToken({ scope: 'read' })
    await source.exchange({ subjectToken: 'token-of-ada' })
    expect(requests().map(({ body }) => new URLSearchParams(body).get('organization'))).toEqual([
      organization,
      organization,
    ])
  })

  test('keep the shared tokens of two configurations apart', async () => {
    const sharedStore = new FakeStore(Clock.real())
    const secret = 'a secret for tests only, 32 characters at least'
    const [first, second] = [organization, 'org_2'].map((name) =>
      createTokens({ params: { organization: name }, sharedStore, secret }),
    )
    await first?.source.getToken()
    await second?.source.getToken()
    expect([first?.requests().length, second?.requests().length]).toEqual([1, 1])
  })

  test.each([
    'scope',
    'client_id',
    'client_assertion',
    'grant_type',
    'subject_token',
    'audience',
    'requested_token_use',
  ])('must not set %s, which has an option or belongs to the client', (name) => {
    expect(() => createTokens({ params: { [name]: 'x' } })).toThrow('"params" must not set parameters')
  })
})

describe('the type of a machine’s token', () => {
  test.each(['BearerToken', undefined, '', null])('is Bearer if the provider sends %p', async (type) => {
    const tokens = createTokens()
    tokens.answer = { token_type: type }
    expect(await tokens.source.getToken()).toBe('token-1')
  })

  test('is refused if it is another one', async () => {
    const tokens = createTokens()
    tokens.answer = { token_type: 'mac' }
    expect(await failureOf(tokens.source.getToken())).toMatchObject({ code: 'token_response_invalid' })
  })
})
