import { describe, expect, test } from '@jest/globals'
import { BearerError, ProviderError, TokenValidationError } from '../../lib/errors.js'
import { type BearerChallenges, createBearerChallenges } from '../../lib/resource-server/challenges.js'
import { refusalOf, testApi } from '../kit/resource-server/api.js'

describe('challengeScope', () => {
  test.each([
    ['text', 'mcp:tools mcp:read'],
    ['a list', ['mcp:tools', 'mcp:read']],
  ])('is asked for where a token is missing or invalid: %s', async (_what, challengeScope) => {
    const { validator, refuse } = testApi({ challengeScope })
    const missing = await refusalOf(validator.validate(undefined))
    expect(missing.headers['WWW-Authenticate']).toBe('Bearer scope="mcp:tools mcp:read"')
    expect((await refuse('x')).headers['WWW-Authenticate']).toMatch(
      /^Bearer error="invalid_token".* scope="mcp:tools mcp:read"$/,
    )
  })

  test('the challenge has no scope unless challengeScope is set', async () => {
    const missing = await refusalOf(testApi().validator.validate(undefined))
    expect(missing.headers['WWW-Authenticate']).toBe('Bearer')
  })

  test.each(['', 'a"b', ' a', [''], ['a b', 'c"'], 5])('is refused as %j', (challengeScope) => {
    expect(() => testApi({ challengeScope })).toThrow(/"challengeScope" must be scopes/)
  })
})

const create = () =>
  createBearerChallenges({
    schemes: ['bearer', 'dpop'],
    realm: 'orders',
    challengeScope: 'orders:read',
    resourceMetadata: 'https://api.example.com/.well-known/oauth-protected-resource',
    proofAlgorithms: ['ES256', 'EdDSA'],
  })

describe('the errors of a resource server with both schemes', () => {
  const metadata = 'resource_metadata="https://api.example.com/.well-known/oauth-protected-resource"'
  const bearer = (parameters = '') => `Bearer realm="orders"${parameters}, ${metadata}`
  const dpop = (parameters = '') => `DPoP realm="orders"${parameters}, ${metadata}, algs="ES256 EdDSA"`
  const described = (code: string, text: string) => `, error="${code}", error_description="${text}"`
  const cause = new TokenValidationError('token_expired', 'x')
  const scope = ', scope="orders:read"'

  test.each<[string, number, string, (challenges: BearerChallenges) => BearerError, (described: string) => string]>([
    [
      'missing_token',
      401,
      'send an access token in the Authorization header',
      (challenges) => challenges.missing(),
      () => `${bearer(scope)}, ${dpop()}`,
    ],
    [
      'invalid_request',
      400,
      'the request must carry one access token, well-formed and in one Authorization header only',
      (challenges) => challenges.malformed(),
      (text) => `${bearer(text)}, ${dpop()}`,
    ],
    [
      'invalid_request',
      400,
      'the Authorization header is too long',
      (challenges) => challenges.tooLong(),
      (text) => `${bearer(text)}, ${dpop()}`,
    ],
    [
      'invalid_token',
      401,
      'the access token is not valid here',
      (challenges) => challenges.invalidToken('bearer', cause),
      (text) => `${bearer(text + scope)}, ${dpop()}`,
    ],
    [
      'invalid_token',
      401,
      'the access token is not valid here',
      (challenges) => challenges.invalidToken('dpop', cause),
      (text) => `${dpop(text + scope)}, ${bearer()}`,
    ],
    [
      'invalid_api_key',
      401,
      'the API key is not valid here',
      (challenges) => challenges.invalidApiKey(),
      () => `${bearer()}, ${dpop()}`,
    ],
    [
      'invalid_dpop_proof',
      401,
      'the DPoP proof is not valid for this request',
      (challenges) => challenges.invalidProof(cause),
      (text) => `${dpop(text)}, ${bearer()}`,
    ],
    [
      'use_dpop_nonce',
      401,
      'the DPoP proof must use the nonce of this response',
      (challenges) => challenges.nonceNeeded('n-1'),
      (text) => `${dpop(text)}, ${bearer()}`,
    ],
    [
      'insufficient_scope',
      403,
      'the access token lacks the scope that this needs',
      (challenges) => challenges.insufficientScope('bearer', ['orders:write', 'orders:delete']),
      (text) => `${bearer(`${text}, scope="orders:write orders:delete"`)}, ${dpop()}`,
    ],
    [
      'insufficient_scope',
      403,
      'the access token lacks the authorization details that this needs',
      (challenges) => challenges.insufficientScope('dpop', undefined),
      (text) => `${dpop(text)}, ${bearer()}`,
    ],
    [
      'insufficient_user_authentication',
      401,
      'this needs a stronger or more recent authentication',
      (challenges) => challenges.stepUp('bearer', { acrValues: ['phr', 'mfa'], maxAge: 300 }),
      (text) => `${bearer(`${text}, acr_values="phr mfa", max_age="300"`)}, ${dpop()}`,
    ],
  ])('say what is wrong and how to go on: %s, %s, %s', (code, status, message, make, challenge) => {
    const error = make(create())
    expect(error).toBeInstanceOf(BearerError)
    expect(error).toMatchObject({ code, status, message })
    expect(error.headers['WWW-Authenticate']).toBe(challenge(described(code, message)))
  })

  test('ask for a login by what is required of it, and for no more', () => {
    const text = described('insufficient_user_authentication', 'this needs a stronger or more recent authentication')
    const headerOf = (stepUp: Parameters<BearerChallenges['stepUp']>[1]) =>
      create().stepUp('dpop', stepUp).headers['WWW-Authenticate']
    expect(headerOf({ maxAge: 0 })).toBe(`${dpop(`${text}, max_age="0"`)}, ${bearer()}`)
    expect(headerOf({ acrValues: ['mfa'] })).toBe(`${dpop(`${text}, acr_values="mfa"`)}, ${bearer()}`)
  })

  test('have the nonce in a header of its own, and no other error has it', () => {
    const challenges = create()
    expect(Object.keys(challenges.nonceNeeded('n-1').headers)).toEqual(['WWW-Authenticate', 'DPoP-Nonce'])
    expect(challenges.nonceNeeded('n-1').headers['DPoP-Nonce']).toBe('n-1')
    expect(Object.keys(challenges.invalidProof().headers)).toEqual(['WWW-Authenticate'])
  })

  test('have the cause of a refusal, or the details of what is missing', () => {
    const challenges = create()
    expect(challenges.invalidToken('bearer', cause).cause).toBe(cause)
    expect(challenges.invalidProof(cause).cause).toBe(cause)
    const details = { subject: 'scope', seen: '"a"' }
    expect(challenges.insufficientScope('bearer', ['b'], details).details).toEqual(details)
    expect(challenges.insufficientScope('bearer', undefined, details).details).toEqual(details)
    expect(challenges.insufficientScope('bearer', ['b']).details).toBeUndefined()
    expect(challenges.missing()).not.toHaveProperty('cause')
  })

  test('are at a scheme that is offered, whichever was used', () => {
    const { invalidToken } = createBearerChallenges({ schemes: ['bearer'], proofAlgorithms: ['ES256'] })
    expect(invalidToken('dpop').headers['WWW-Authenticate']).toMatch(/^Bearer error="invalid_token"/)
    const required = createBearerChallenges({ schemes: ['dpop'], proofAlgorithms: ['ES256'] })
    expect(required.insufficientScope('bearer', ['a']).headers['WWW-Authenticate']).toMatch(
      /^DPoP error="insufficient_scope".*, scope="a", algs="ES256"$/,
    )
  })

  test('advertise the preferred scheme first where no token was sent', () => {
    const preferring = createBearerChallenges({ schemes: ['dpop', 'bearer'], proofAlgorithms: ['ES256'] })
    expect(preferring.missing().headers['WWW-Authenticate']).toBe('DPoP algs="ES256", Bearer')
    expect(preferring.malformed().headers['WWW-Authenticate']).toMatch(/^DPoP error="invalid_request".*, Bearer$/)
    expect(preferring.tooLong().headers['WWW-Authenticate']).toMatch(/^DPoP error="invalid_request".*, Bearer$/)
  })
})

describe('what validation threw', () => {
  const fromError = (error: unknown) =>
    createBearerChallenges({ schemes: ['bearer'], proofAlgorithms: [] }).fromError(error, 'bearer')

  test('becomes the one refusal of all invalid tokens, with the reason as its cause', () => {
    const reason = new TokenValidationError('token_expired', 'x', { details: { subject: 'exp' } })
    const error = fromError(reason)
    expect(error).toBeInstanceOf(BearerError)
    expect(error).toMatchObject({ code: 'invalid_token', status: 401, cause: reason, details: { subject: 'exp' } })
  })

  test('stays as it is where it is a refusal already, or a mistake of the application', () => {
    for (const error of [new BearerError('invalid_request', 'x'), new TypeError('x'), 'text', undefined]) {
      expect(fromError(error)).toBe(error)
    }
  })

  test('stays an outage, as it is with the time to come back', () => {
    const headers = { 'Retry-After': '17' }
    const error = new ProviderError('provider_unavailable', 'x', { headers })
    expect(fromError(error)).toBe(error)
  })

  test.each([
    ['the time is missing', {}, { 'Retry-After': '5' }],
    ['the time is missing beside another header', { headers: { A: 'b' } }, { 'Retry-After': '5', A: 'b' }],
    ['the status is another', { status: 502 }, { 'Retry-After': '5' }],
    [
      'the status is another, and the time is known',
      { status: 502, headers: { 'Retry-After': '17' } },
      { 'Retry-After': '17' },
    ],
  ])('becomes a 503 with a time to come back where %s', (_what, init, headers) => {
    const outage = new ProviderError('provider_keys_invalid', 'the keys are unusable', init)
    const error = fromError(outage)
    expect(error).toBeInstanceOf(ProviderError)
    expect(error).not.toBe(outage)
    expect(error).toMatchObject({
      code: 'provider_keys_invalid',
      message: 'the keys are unusable',
      status: 503,
      cause: outage,
    })
    expect((error as ProviderError).headers).toEqual(headers)
  })
})
