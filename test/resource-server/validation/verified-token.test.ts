import { describe, expect, test } from '@jest/globals'
import { ConfigurationError, TokenValidationError } from '../../../lib/errors.js'
import type { VerifiedToken } from '../../../lib/resource-server/types.js'
import { standardScopes } from '../../../lib/resource-server/validation/scopes.js'
import {
  boundAsIn,
  customMachines,
  readVerifiedToken,
  TokenPrincipal,
} from '../../../lib/resource-server/validation/verified-token.js'
import { failureOf } from '../../kit/failure.js'

const jkt = 'k'.repeat(43)
const x5t = 'AZaz09_-'.padEnd(43, 'x')

const subject = { claim: 'sub', client: false, clientClaims: [], maxLength: 255 }

function read(claims: Record<string, unknown> = {}, isMachine?: boolean, isTyped = false): VerifiedToken {
  return readVerifiedToken(
    { sub: 'ann', client_id: 'web', scope: 'a b', ...claims },
    {
      issuer: 'https://op.example',
      reading: { scopes: standardScopes(), isMachine: () => isMachine },
      subject,
      isTyped,
      expiresAt: 5,
    },
  )
}

async function bindingFailureOf(work: () => unknown): Promise<unknown> {
  const error = await failureOf(work)
  expect(error).toBeInstanceOf(TokenValidationError)
  expect(error).toMatchObject({ code: 'token_binding_failed', details: { subject: 'cnf' } })
  return error.message
}

describe('what is read of a token', () => {
  test('is all that its claims say', () => {
    const details = [{ type: 'payment' }]
    expect(read({ exp: 9, nbf: 7, cnf: { jkt }, authorization_details: details })).toEqual({
      claims: expect.objectContaining({ sub: 'ann', exp: 9 }),
      subject: 'ann',
      issuer: 'https://op.example',
      clientId: 'web',
      isMachine: undefined,
      scopes: ['a', 'b'],
      authorizationDetails: details,
      expiresAt: 9,
      notBefore: 7,
      confirmation: { jkt },
    })
  })

  test('has defaults for what they do not say', () => {
    const { claims, ...token } = read({ client_id: undefined, scope: undefined })
    expect(Object.isFrozen(claims)).toBe(true)
    expect(claims['toString']).toBeUndefined()
    expect(token).toEqual({
      subject: 'ann',
      issuer: 'https://op.example',
      clientId: undefined,
      isMachine: undefined,
      scopes: [],
      authorizationDetails: undefined,
      expiresAt: 5,
      notBefore: 0,
      confirmation: undefined,
    })
  })

  test('is whose it is by the application, and by the claims where that does not know', () => {
    expect(read({ sid: 's' }, true).isMachine).toBe(true)
    expect(read({ sub: 'web' }, false).isMachine).toBe(false)
    expect(read({ sub: 'web' }).isMachine).toBe(true)
    expect(read({ sid: 's' }).isMachine).toBe(false)
    expect(read({ acr: '1' }, undefined, true).isMachine).toBe(false)
    expect(read({ acr: '1' }).isMachine).toBeUndefined()
  })

  test('is refused with authorization details that are none', async () => {
    const error = await failureOf(() => read({ authorization_details: { type: 'payment' } }))
    expect(error).toBeInstanceOf(TokenValidationError)
    const expected = 'a list of objects, each with a "type" that is text'
    expect(error).toMatchObject({
      code: 'token_claim_invalid',
      message: `the token's authorization_details must be ${expected}`,
    })
    expect(error.details).toEqual({ subject: 'authorization_details', seen: 'another value', expected })
  })
})

describe('what a token is bound to', () => {
  test.each([
    [{ jkt }, { jkt }],
    [{ 'x5t#S256': x5t }, { x5t }],
    [
      { jkt, 'x5t#S256': x5t },
      { jkt, x5t },
    ],
    [{ jkt, kid: 'x' }, { jkt }],
    [{ jkt, 'x5t#S256': undefined }, { jkt }],
  ])('is read from %j', (cnf, confirmation) => {
    expect(read({ cnf }).confirmation).toEqual(confirmation)
  })

  test.each([
    ...[null, '', 'x', 5, [], [jkt], {}, { kid: 'x' }, { jwk: {} }, { jkt: null }, { jkt: '' }, { jkt: [jkt] }],
    ...[
      { jkt: jkt.slice(1) },
      { jkt: `${jkt}k` },
      { jkt: `${jkt.slice(1)}+` },
      { jkt: `${jkt}\n` },
      { jkt: ` ${jkt}` },
    ],
    ...[{ jkt, 'x5t#S256': null }, { jkt, 'x5t#S256': 'x' }, { jkt: 'x', 'x5t#S256': x5t }, { x5t }],
  ])('is not understood, and therefore refused, as %j', async (cnf) => {
    expect(await bindingFailureOf(() => read({ cnf }))).toBe('the token has a cnf that is not supported')
    expect(await bindingFailureOf(() => boundAsIn({ cnf }))).toBe('the token has a cnf that is not supported')
  })

  test.each([{ typ: 'DPoP' }, { typ: 'dpop' }, { token_type: 'DPOP' }, { token_type: 'dpop', typ: 'Bearer' }])(
    'has to be a key where the token says that it is bound: %j',
    async (claims) => {
      const message = 'the token has the type DPoP, but is not bound to a key'
      expect(await bindingFailureOf(() => read(claims))).toBe(message)
      expect(await bindingFailureOf(() => read({ ...claims, cnf: { 'x5t#S256': x5t } }))).toBe(message)
      expect(await bindingFailureOf(() => boundAsIn(claims)(read()))).toBe(message)
      expect(read({ ...claims, cnf: { jkt } }).confirmation).toEqual({ jkt })
      expect(boundAsIn({ ...claims, cnf: { jkt } })(read()).confirmation).toEqual({ jkt })
      expect(boundAsIn(claims)(read({ cnf: { jkt } })).confirmation).toEqual({ jkt })
    },
  )

  test('may be nothing where the token says another type, or none that is text', () => {
    for (const claims of [{ typ: 'Bearer', token_type: 'Bearer' }, { typ: ['dpop'] }, { token_type: 5 }]) {
      expect(read(claims).confirmation).toBeUndefined()
    }
  })
})

describe('what is known of a token beside its own claims', () => {
  const other = 'o'.repeat(43)

  test.each([
    [{}, {}, {}],
    [{ jkt }, {}, { jkt }],
    [{}, { jkt }, { jkt }],
    [{ jkt }, { jkt }, { jkt }],
    [{ jkt }, { 'x5t#S256': x5t }, { jkt, x5t }],
    [{ 'x5t#S256': x5t }, { jkt }, { jkt, x5t }],
    [{ jkt, 'x5t#S256': x5t }, { 'x5t#S256': x5t }, { jkt, x5t }],
  ])('is bound as the token by %j, and by itself by %j', (own, response, confirmation) => {
    const known = read(Object.keys(response).length === 0 ? {} : { cnf: response })
    const bound = boundAsIn(Object.keys(own).length === 0 ? {} : { cnf: own })(known)
    expect(bound).toEqual({ ...known, confirmation })
  })

  test.each([
    [{ jkt }, { jkt: other }],
    [{ 'x5t#S256': x5t }, { 'x5t#S256': other }],
    [
      { jkt, 'x5t#S256': x5t },
      { jkt, 'x5t#S256': other },
    ],
  ])('is refused where the token is bound by %j, and the response by %j', async (own, response) => {
    expect(await bindingFailureOf(() => boundAsIn({ cnf: own })(read({ cnf: response })))).toBe(
      'the token is bound to one key by its cnf, and to another by the introspection response',
    )
  })
})

describe('the application’s own isMachine()', () => {
  test('gets the claims and answers true, false or undefined', () => {
    const claims = { sub: 'ann' }
    const given: unknown[] = []
    for (const answer of [true, false, undefined]) {
      const find = (each: unknown) => {
        given.push(each)
        return answer
      }
      expect(customMachines(find)(claims)).toBe(answer)
    }
    expect(given).toEqual([claims, claims, claims])
  })

  test.each([[null], ['true'], [1], [{}]])('must not answer %p', async (answer) => {
    const error = await failureOf(() => customMachines(() => answer)({}))
    expect(error).toBeInstanceOf(ConfigurationError)
    expect(error).toMatchObject({
      code: 'invalid_options',
      message: 'bearer(): "isMachine" must return true, false or undefined',
    })
  })
})

describe('the principal of a token', () => {
  test('has what is known, and no member for what is not', () => {
    const principal = new TokenPrincipal(read({ client_id: undefined }), 'bearer', 'token-1')
    expect({ ...principal }).toEqual({
      scheme: 'bearer',
      subject: 'ann',
      issuer: 'https://op.example',
      claims: expect.objectContaining({ sub: 'ann' }),
      scopes: ['a', 'b'],
      expiresAt: 5,
    })
    expect(principal.token).toBe('token-1')
    expect(Object.isFrozen(principal)).toBe(true)
    const full = new TokenPrincipal(read({ authorization_details: [] }, false), 'dpop', 'token-1', 'google')
    expect({ ...full }).toMatchObject({
      clientId: 'web',
      isMachine: false,
      provider: 'google',
      authorizationDetails: [],
    })
  })
})
