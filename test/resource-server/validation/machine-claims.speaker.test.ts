import { describe, expect, test } from '@jest/globals'
import {
  isFilled,
  personScopeIn,
  type Speaker,
  speakerOf,
} from '../../../lib/resource-server/validation/machine-claims.js'

type Rows = readonly Record<string, unknown>[]

/** Each row has one sign, and no other. */
const signs: Readonly<Record<Speaker, Rows>> = {
  person: [
    { amr: ['pwd'] },
    { amr: 'pwd' },
    { nonce: 'n' },
    { sid: 's' },
    { session_state: 's' },
    { auth_time: 0 },
    { email: 'a@example.com' },
    { phone_number: '+49' },
    { birthdate: '2000-01-01' },
    { family_name: 'A' },
    { upn: 'a' },
    { unique_name: 'a' },
    { gty: 'authorization_code' },
    { gty: 'implicit' },
    { gty: 'password' },
    { gty: 'urn:ietf:params:oauth:grant-type:device_code' },
    { gty: ['refresh_token', 'password'] },
    { grant_type: 'authorization_code' },
    { grant_type: 'implicit' },
    { grant_type: 'password' },
    { grant_type: 'urn:ietf:params:oauth:grant-type:device_code' },
    { idtyp: 'user' },
    { sub_type: 'user' },
    { aut: 'APPLICATION_USER' },
    { tid: 't', scp: 'a' },
    { uid: 'u', cid: 'c' },
    { token_use: 'access', username: 'alice' },
    { sub: 'auth0|1' },
    { sub: 'google-oauth2|1' },
    { sub: '(usr!alice)' },
    { aud: ['api', 'https://op.example/userinfo'] },
    // What names a client as subject does not name it here.
    { sub: 'web', client_id: 'other', token_use: 'access', auth_time: 1 },
    { sub: '', client_id: '', token_use: 'access', auth_time: 1 },
    { preferred_username: 'x-service-account-svc', sid: 's' },
  ],
  machine: [
    { sub: 'web', client_id: 'web' },
    { sub: 'web', azp: 'web' },
    { sub: 'web', cid: 'web' },
    { sub: 'web', appid: 'web' },
    { sub: 'web@clients', client_id: 'web' },
    { sub: 'web@clients', azp: 'web' },
    { sub: '(age!web)', client_id: 'web' },
    { sub: '(age!web)', appid: 'web' },
    { gty: 'client-credentials' },
    { gty: 'client_credentials' },
    { gty: ['refresh_token', 'client_credentials'] },
    { grant_type: 'client-credentials' },
    { grant_type: 'client_credentials' },
    { grant_type: 'client_credentials', auth_time: 1 },
    { gty: 'client-credentials', auth_time: 1 },
    { idtyp: 'app' },
    { sub_type: 'client' },
    { aut: 'APPLICATION' },
    { azp: 'app', azpacr: '1', sub: 'o', oid: 'o' },
    { azp: 'app', azpacr: '2', sub: 'o', oid: 'o' },
    { appid: 'app', appidacr: '1', sub: 'o', oid: 'o' },
    { appid: 'app', appidacr: '2', sub: 'o', oid: 'o' },
    { azp: 'app', azpacr: '1', sub: 'o', oid: 'o', scp: '', tid: 't', name: null, emails: [] },
    { client_id: 'svc', preferred_username: 'service-account-svc' },
    { azp: 'SVC', username: 'service-account-svc' },
    { client_id: 'svc', preferred_username: 'service-account-svc', email: 'jobs@example.com' },
    { azp: 'svc', clientId: 'svc', clientHost: 'h', clientAddress: 'a' },
    { azp: 'svc', client_id: 'svc', clientHost: 'h', clientAddress: 'a' },
    { azp: 'svc', client_id: 'svc', clientHost: 'h', clientAddress: 'a', sid: 's', email: 'jobs@example.com' },
    { sub: 'web', client_id: 'web', token_use: 'access', auth_time: 1 },
  ],
  both: [
    { sub: 'web', client_id: 'web', sid: 's' },
    { sub: 'web', client_id: 'web', auth_time: 1 },
    { sub: 'web', client_id: 'web', token_use: 'access', username: 'web', auth_time: 1 },
    { sub: 'web', client_id: 'web', token_use: 'access', username: 5, auth_time: 1 },
    { gty: ['client-credentials', 'password'] },
    { idtyp: 'app', tid: 't', scp: 'a' },
    // The account of another client: the token may have been exchanged.
    { client_id: 'other', preferred_username: 'service-account-svc', sid: 's' },
    { client_id: 'other', username: 'service-account-svc', email: 'jobs@example.com' },
  ],
  unknown: [
    {},
    { amr: [], nonce: '', sid: null, session_state: undefined },
    { auth_time: '2026-11-28T10:21:15.733Z' },
    { email: '', phone_number: 5, birthdate: '', family_name: null, upn: '', unique_name: 5 },
    { gty: 'refresh_token', grant_type: ['refresh_token'] },
    { gty: [], grant_type: null },
    { idtyp: 'device', sub_type: 'app', aut: 'application' },
    { tid: 't' },
    { scp: 'a' },
    { tid: 't', scp: '' },
    { tid: '', scp: 'a' },
    { uid: 'u' },
    { cid: 'c' },
    { uid: '', cid: 'c' },
    { uid: 'u', cid: '' },
    { token_use: 'access' },
    { username: 'alice' },
    { token_use: 'access', username: '' },
    { token_use: 'id', username: 'alice' },
    { sub: 'a.b|c' },
    { sub: '|c' },
    { sub: 'auth0|' },
    { sub: 'x(usr!alice)' },
    { sub: 'usr!alice' },
    { sub: ['auth0|1'] },
    { aud: 'https://op.example/userinfo' },
    { aud: ['https://op.example/userinfo/x', 5] },
    { sub: 'web-app', client_id: 'web' },
    { sub: 'we', client_id: 'web' },
    { sub: 'web@clients', client_id: 'other' },
    { sub: 'x@clients', client_id: 'web' },
    { sub: 'xweb@clients', client_id: 'web' },
    { sub: '(age!web', client_id: 'web' },
    { sub: '', client_id: '', azp: '' },
    { sub: ['web'], client_id: 'web' },
    { azp: 'app', sub: 'o', oid: 'o' },
    { azp: 'app', azpacr: '0', sub: 'o', oid: 'o' },
    { azp: 'app', azpacr: 1, sub: 'o', oid: 'o' },
    { azpacr: '1', sub: 'o', oid: 'o' },
    { azp: '', azpacr: '1', sub: 'o', oid: 'o' },
    { appid: 'app', sub: 'o', oid: 'o' },
    { appid: 'app', appidacr: '0', sub: 'o', oid: 'o' },
    { appidacr: '1', sub: 'o', oid: 'o' },
    { azp: 'app', appidacr: '1', sub: 'o', oid: 'o' },
    { azp: 'app', azpacr: '1', sub: 's', oid: 'o' },
    { azp: 'app', azpacr: '1' },
    { azp: 'app', azpacr: '1', sub: '', oid: '' },
    { azp: 'app', azpacr: '1', sub: 'o', oid: 'o', scp: 'a' },
    ...['name', 'preferred_username', 'given_name', 'emails', 'tfp'].map((name) => ({
      ...{ azp: 'app', azpacr: '1', sub: 'o', oid: 'o' },
      [name]: 'a',
    })),
    { preferred_username: 'service-account-svc' },
    { client_id: 'svc', preferred_username: 'service-account-other' },
    { client_id: 'svc', preferred_username: 'x-service-account-svc' },
    { client_id: 'svc', preferred_username: 'Service-account-svc' },
    { client_id: 'svc', preferred_username: ['service-account-svc'] },
    { azp: 'svc', clientId: 'svc', clientHost: 'h' },
    { azp: 'svc', clientId: 'svc', clientAddress: 'a' },
    { azp: 'svc', clientId: 'other', clientHost: 'h', clientAddress: 'a' },
    { azp: 'svc', clientHost: 'h', clientAddress: 'a' },
    { clientHost: 'h', clientAddress: 'a' },
    { azp: '', clientId: '', clientHost: 'h', clientAddress: 'a' },
  ],
}

const speakers = ['person', 'machine', 'both', 'unknown'] as const
const written = (rows: Rows) => rows.map((claims) => [JSON.stringify(claims), claims] as const)

describe.each(speakers)('whom a token speaks for: %s', (speaker) => {
  test.each(written(signs[speaker]))('by %s', (_what, claims) => {
    expect(speakerOf(claims, false)).toBe(speaker)
  })
})

describe('a token of the type of RFC 9068', () => {
  const names = 'acr auth_time name given_name nickname preferred_username picture locale zoneinfo'.split(' ')
  const scopes = ['openid', 'profile', 'email', 'address', 'phone', 'offline_access']
  const hints = [...names.map((name) => ({ [name]: 'x' })), ...scopes.map((scope) => ({ scope: `a ${scope}` }))]
  const own = { sub: 'alice', client_id: 'web' }

  test.each(written(hints))('is a person’s by %s beside a client_id', (_what, hint) => {
    expect(speakerOf({ ...own, ...hint }, true)).toBe('person')
    expect(speakerOf({ ...own, ...hint }, false)).toBe('unknown')
    expect(speakerOf({ ...own, ...hint, azp: 'web' }, true)).toBe('unknown')
    expect(speakerOf({ ...own, ...hint, sub: undefined }, true)).toBe('unknown')
    expect(speakerOf({ ...own, ...hint, client_id: undefined, cid: 'web' }, true)).toBe('unknown')
  })

  test('is nobody’s without a hint', () => {
    expect(speakerOf(own, true)).toBe('unknown')
    expect(speakerOf({ ...own, acr: '', name: null, scope: 'openid2 Email' }, true)).toBe('unknown')
  })

  test('stays a machine’s that is one, and is both where a login left traces', () => {
    expect(speakerOf({ ...own, sub: 'web', scope: 'openid', acr: '1' }, true)).toBe('machine')
    expect(speakerOf({ ...own, sub: 'web', scope: 'openid', acr: '1', sid: 's' }, true)).toBe('both')
    expect(speakerOf({ ...own, preferred_username: 'service-account-x' }, true)).toBe('both')
  })
})

describe('what is known of claims and scopes', () => {
  test('the first scope that concerns a person is found in the order of OpenID Connect', () => {
    expect(personScopeIn(['a', 'email', 'openid'])).toBe('openid')
    expect(personScopeIn(['a', 'offline_access'])).toBe('offline_access')
    expect(personScopeIn(['a', 'emails'])).toBeUndefined()
  })

  test.each([
    [undefined, false],
    [null, false],
    ['', false],
    [[], false],
    [[''], true],
    [{}, true],
    [0, true],
    [false, true],
    [' ', true],
  ])('the claim %j has content: %j', (value, has) => {
    expect(isFilled(value)).toBe(has)
  })
})
