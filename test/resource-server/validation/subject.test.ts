import { describe, expect, test } from '@jest/globals'
import { reasonOf, testApi } from '../../kit/resource-server/api.js'
import { active, introspectingApi } from '../../kit/resource-server/introspecting.js'
import { apiProvider } from '../../kit/provider/provider.js'

/** A person's token from a provider that is configured to omit `sub`. */
const people: readonly (readonly [string, (name: string) => Record<string, unknown>])[] = [
  [
    'Keycloak without the client scope basic',
    (name) => ({ typ: 'Bearer', azp: 'web', sid: `s-${name}`, scope: 'email profile', preferred_username: name }),
  ],
  ['Keycloak, lightweight', (name) => ({ typ: 'Bearer', azp: 'web', sid: `s-${name}`, scope: 'email profile' })],
  [
    'AD FS',
    (name) => ({ appid: 'web', apptype: 'Confidential', scp: 'profile openid', email: `${name}@corp.example.com` }),
  ],
  ['AD FS, by a claim of .NET', (name) => ({ appid: 'web', 'http://schemas.example.com/identity/claims/upn': name })],
  ['a user_id', (name) => ({ client_id: 'web', scope: 'read', user_id: name })],
  ['a custom claim', (name) => ({ client_id: 'web', scope: 'read', 'custom:userName': name })],
  ['a time of login', () => ({ client_id: 'web', scope: 'read', auth_time: 1 })],
  ['an actor', (name) => ({ client_id: 'web', scope: 'read', act: { sub: name } })],
  ['a scope that asks for a person', () => ({ client_id: 'web', scope: 'read openid' })],
]

/** Claims beside which a client could be meant, or a person: how providers call people has no end. */
const perhapsPeople: readonly (readonly [string, unknown])[] = [
  ...(
    'user_uuid userPrincipalName accountId account ppid person person_uuid mobile eid login_id member_id customer_id user_info ' +
    'users_id username2 user_guid dn uuid id idp acr tfp act may_act emails employee_number client_user_id clientEmail owner ' +
    'https://example.com/claims/who https://x/user_id/ roles permissions org_id tenant authorization_details grant_type gty'
  )
    .split(' ')
    .map((name) => [name, 'alice'] as const),
  ['ext', { user_id: 'alice' }],
  ['client_data', { user_id: 'alice' }],
  ['client_data', [{ user_id: 'alice' }]],
  ['realm_access', { roles: ['user'] }],
  ['groups', ['staff']],
  ['email_verified', true],
  ['email_verified', false],
  ['number', 5],
]

const bare = { sub: undefined, client_id: undefined, scope: undefined }
const clientsAreSubjects = { client: true }

describe('a token without sub', () => {
  test.each(people)('is refused, whichever client it is from: %s', async (_what, claims) => {
    for (const profile of ['rfc9068', 'jwt']) {
      const { issuer, refuse } = testApi({ profile })
      const [error] = [await refuse(issuer.accessToken({ ...bare, client_id: 'web', ...claims('alice') }))]
      expect([error.status, error.code, reasonOf(error)]).toEqual([401, 'invalid_token', 'token_claim_missing'])
    }
  })

  test.each(people)('never has its client as subject where it speaks of a person: %s', async (_what, claims) => {
    const { issuer, refuse } = testApi({ profile: 'jwt', subject: clientsAreSubjects })
    expect(reasonOf(await refuse(issuer.accessToken({ ...bare, ...claims('alice') })))).toBe('token_claim_missing')
  })

  test.each(perhapsPeople)(
    'never has its client as subject beside a claim that is not known to be harmless: %s',
    async (name, value) => {
      const { issuer, refuse } = testApi({ profile: 'jwt', subject: clientsAreSubjects })
      const error = await refuse(issuer.accessToken({ ...bare, client_id: 'web', scope: 'read', [name]: value }))
      expect([error.status, reasonOf(error)]).toEqual([401, 'token_claim_missing'])
      expect(error.cause).toMatchObject({
        message: expect.stringContaining(`the claim "${name}" may be about a person`),
      })
    },
  )

  test.each([
    ['a person’s grant', { gty: 'password' }, "it is a person's"],
    ['what a person delegated at Entra', { tid: 't', scp: 'Orders.Read' }, "it is a person's"],
    ['two grants', { gty: ['client-credentials', 'password'] }, 'its claims indicate both a machine and a person'],
    ['a scope in a list', { scp: ['read', 'openid'] }, 'the scope "openid" may be about a person'],
  ])('never has its client as subject with %s', async (_what, claims, why) => {
    const { issuer, refuse } = testApi({ profile: 'jwt', subject: clientsAreSubjects })
    const error = await refuse(issuer.accessToken({ ...bare, client_id: 'web', ...claims }))
    expect(error.cause).toMatchObject({ message: expect.stringContaining(`(${why})`) })
  })

  test('does not belong to its client by scopes that the application interprets', async () => {
    const options = { profile: 'jwt', subject: clientsAreSubjects, scopes: () => [] }
    const { issuer, refuse } = testApi(options)
    expect(reasonOf(await refuse(issuer.accessToken({ sub: undefined, scope: 'openid' })))).toBe('token_claim_missing')
  })

  test('belongs to its client beside claims that the application declares to say nothing of a person', async () => {
    const subject = { client: true, clientClaims: ['tenant', 'https://example.com/plan'] }
    const { issuer, accept, refuse } = testApi({ profile: 'jwt', subject })
    const claims = { sub: undefined, tenant: 'acme', 'https://example.com/plan': { name: 'gold' } }
    await expect(accept(issuer.accessToken(claims))).resolves.toMatchObject({ subject: 'client:web', isMachine: true })
    expect((await refuse(issuer.accessToken({ ...claims, plan: 'gold' }))).cause).toMatchObject({
      message:
        'the token\'s sub is missing, and the token is not its client\'s own (the claim "plan" may be about a person): list it in "subject.clientClaims" if it never is',
    })
    expect(reasonOf(await refuse(issuer.accessToken({ ...claims, tenant: undefined, Tenant: 'x' })))).toBe(
      'token_claim_missing',
    )
  })

  test('belongs to its client, whatever it holds, where a provider says that it is a machine’s', async () => {
    const { issuer, accept } = testApi({ profile: 'jwt', subject: clientsAreSubjects })
    const claims = { sub: undefined, gty: 'client-credentials', tenant: 'acme', roles: ['x'] }
    await expect(accept(issuer.accessToken(claims))).resolves.toMatchObject({ subject: 'client:web', isMachine: true })
  })

  test.each([
    ['Duende and IdentityServer', {}, { sub: undefined }],
    [
      'IdentityServer with claims of the client',
      {},
      { sub: undefined, client_tenant: 'acme', client_tier: ['a', 'b'] },
    ],
    ['a bound one', { profile: 'jwt', mtls: { source: 'socket' } }, { sub: undefined, azpacr: '2', ver: '2.0' }],
    ['Rauthy', { profile: 'jwt' }, { sub: null, uid: null, azp: 'web', typ: 'Bearer' }],
    ['an older IdentityServer', { profile: 'jwt' }, { sub: undefined, iat: undefined }],
  ])(
    'belongs to its client where the option says so and no claim speaks of a person: %s',
    async (_what, options, claims) => {
      const { issuer, refuse } = testApi(options)
      expect(reasonOf(await refuse(issuer.accessToken(claims)))).toBe('token_claim_missing')
      const lenient = testApi({ ...options, subject: clientsAreSubjects }, issuer)
      await expect(lenient.accept(issuer.accessToken(claims))).resolves.toMatchObject({
        subject: 'client:web',
        isMachine: true,
        clientId: 'web',
      })
    },
  )

  test('is refused where it names no client either', async () => {
    const { issuer, refuse } = testApi({ profile: 'jwt', subject: clientsAreSubjects })
    expect(reasonOf(await refuse(issuer.accessToken({ ...bare, scope: 'read' })))).toBe('token_claim_missing')
  })

  test.each([
    ['rfc9068', 255],
    ['jwt', 255],
    ['external', 2048], // that of a SPIFFE ID
  ])('may be long: profile %s takes %d characters, and a refusal names length and limit', async (profile, limit) => {
    const { issuer, accept, refuse } = testApi({ profile })
    const sub = 'spiffe://example.com/'.padEnd(limit, 'x')
    expect((await accept(issuer.accessToken({ sub }))).subject).toBe(sub)
    const error = await refuse(issuer.accessToken({ sub: `${sub}x` }))
    expect([error.status, reasonOf(error)]).toEqual([401, 'token_claim_invalid'])
    expect(String(error.cause)).toContain(`the token's sub has ${limit + 1} characters, and at most ${limit} are taken`)
  })

  test.each([[''], [5], [true], [['alice']], [{}], ['x'.repeat(256)]])('is refused with %p, too', async (sub) => {
    for (const subject of [undefined, clientsAreSubjects]) {
      const { issuer, refuse } = testApi({ profile: 'jwt', subject })
      expect(reasonOf(await refuse(issuer.accessToken({ sub })))).toBe('token_claim_invalid')
    }
  })

  test('is reported in the log with what would help', async () => {
    const { issuer, refuse } = testApi({ profile: 'jwt' })
    expect((await refuse(issuer.accessToken({ sub: undefined }))).cause).toMatchObject({
      message: 'the token\'s sub is missing: the option "subject" can name another claim, or take clients for subjects',
    })
  })
})

describe('a subject claim of another name', () => {
  const options = { profile: 'jwt', subject: { claim: 'oid' } }

  test('identifies people, one by one', async () => {
    const { issuer, accept } = testApi(options)
    const of = async (oid: string) =>
      (await accept(issuer.accessToken({ ...bare, appid: 'web', scp: 'read', oid }))).subject
    expect([await of('a'), await of('b')]).toEqual(['a', 'b'])
  })

  test('is used whatever sub says, so that nobody can take the name of another’s sub', async () => {
    const { issuer, accept, refuse } = testApi(options)
    await expect(accept(issuer.accessToken({ sub: 'alice', oid: 'bob' }))).resolves.toMatchObject({ subject: 'bob' })
    expect(reasonOf(await refuse(issuer.accessToken({ sub: 'bob' })))).toBe('token_claim_missing')
  })

  test.each([[''], [7], [['a']]])('is refused as %p', async (oid) => {
    const { issuer, refuse } = testApi(options)
    expect(reasonOf(await refuse(issuer.accessToken({ oid })))).toBe('token_claim_invalid')
  })

  test('identifies the machines of Entra, whose sub is the same, and nobody by the lack of a claim', async () => {
    const { issuer, accept, refuse } = testApi(options)
    const ids = { sub: 'o1', oid: 'o1', tid: 't', client_id: undefined, scope: undefined }
    const machine = { ...ids, azp: 'app', azpacr: '1', idtyp: 'app' }
    await expect(accept(issuer.accessToken(machine))).resolves.toMatchObject({ subject: 'o1', isMachine: true })
    for (const other of [{ oid: 'o2' }, { oid: undefined }, { sub: undefined }, { scp: 'Orders.Read' }]) {
      expect((await refuse(issuer.accessToken({ ...machine, ...other }))).status).toBe(401)
    }
    const person = await accept(issuer.accessToken({ ...ids, azp: 'app', azpacr: '1', scp: 'Orders.Read' }))
    expect(person).toMatchObject({ subject: 'o1', isMachine: false })
    expect((await accept(issuer.accessToken({ ...ids, sub: 'pairwise', azp: 'app' }))).isMachine).toBeUndefined()
  })

  test('does not identify people in a machine’s token, which may name its owner', async () => {
    const subject = { claim: 'username' }
    const claims = { aut: 'APPLICATION', username: 'admin', sub: 'web' }
    const { issuer, refuse } = testApi({ profile: 'jwt', subject })
    expect(reasonOf(await refuse(issuer.accessToken(claims)))).toBe('token_claim_invalid')
    const both = testApi({ profile: 'jwt', subject: { ...subject, client: true } }, issuer)
    await expect(both.accept(issuer.accessToken(claims))).resolves.toMatchObject({
      subject: 'client:web',
      isMachine: true,
    })
  })

  test('does not identify people in a token that is a machine’s as well', async () => {
    const subject = { claim: 'email', client: true }
    const { issuer, accept, refuse } = testApi({ profile: 'jwt', subject })
    const email = 'boss@example.com'
    for (const claims of [
      { sub: 'web', email },
      { sub: 'x', azp: 'web', preferred_username: 'service-account-web', sid: 's', email },
      { sub: 'x', gty: 'client-credentials', amr: ['pwd'], email },
    ]) {
      const error = await refuse(issuer.accessToken(claims))
      expect([error.status, reasonOf(error)]).toEqual([401, 'token_claim_invalid'])
      expect(error.cause).toMatchObject({ message: expect.stringContaining('both a machine and a person') })
    }
    await expect(accept(issuer.accessToken({ sub: 'x', email }))).resolves.toMatchObject({ subject: email })
    const told = testApi({ profile: 'jwt', subject, isMachine: () => false }, issuer)
    await expect(told.accept(issuer.accessToken({ sub: 'web', email }))).resolves.toMatchObject({ subject: email })
  })

  test('that a token lacks does not make its client the subject beside a sub', async () => {
    const { issuer, refuse } = testApi({ profile: 'jwt', subject: { claim: 'oid', client: true } })
    const error = await refuse(issuer.accessToken({ sub: 'alice' }))
    expect(error.cause).toMatchObject({ message: expect.stringContaining('the claim "sub" may be about a person') })
  })

  test('can differ between issuers', async () => {
    const issuer = apiProvider()
    const { accept } = testApi(
      {
        profile: 'jwt',
        audience: undefined,
        issuer: {
          [issuer.issuer]: { audience: null, subject: { claim: 'oid' } },
          'https://other.example.com': { audience: null },
        },
      },
      issuer,
    )
    await expect(accept(issuer.accessToken({ oid: 'a' }))).resolves.toMatchObject({ subject: 'a' })
    const resolved = testApi(
      { profile: 'jwt', issuer: () => ({ subject: { claim: 'uid' } }), subject: { claim: 'oid' } },
      issuer,
    )
    await expect(resolved.accept(issuer.accessToken({ uid: 'b', oid: 'c' }))).resolves.toMatchObject({ subject: 'b' })
    const fallback = testApi({ profile: 'jwt', issuer: () => ({}), subject: { claim: 'oid' } }, issuer)
    await expect(fallback.accept(issuer.accessToken({ uid: 'b', oid: 'c' }))).resolves.toMatchObject({ subject: 'c' })
  })
})

describe('a person and a client', () => {
  test('never share a subject', async () => {
    const { issuer, accept, refuse } = testApi({ profile: 'jwt', subject: clientsAreSubjects })
    const machine = await accept(issuer.accessToken({ sub: undefined }))
    const person = await accept(issuer.accessToken({ sub: 'web', client_id: 'other', sid: 's' }))
    expect([machine.subject, person.subject]).toEqual(['client:web', 'web'])
    expect(reasonOf(await refuse(issuer.accessToken({ sub: 'client:web', client_id: 'other' })))).toBe(
      'token_claim_invalid',
    )
  })
})

describe('an introspection response', () => {
  test.each(['ann', 'bob'])('without sub is refused, though it has the username %s', async (username) => {
    for (const subject of [undefined, clientsAreSubjects]) {
      const api = introspectingApi({}, { subject })
      api.answer = active(api.issuer, { sub: undefined, username })
      expect(reasonOf(await api.refuse('opaque-1'))).toBe('token_claim_missing')
    }
  })

  test('identifies people by username where the option says so', async () => {
    const api = introspectingApi({}, { subject: { claim: 'username' } })
    const of = async (username: string) => {
      api.answer = active(api.issuer, { sub: undefined, username })
      return (await api.accept(`opaque-${username.length}`)).subject
    }
    expect([await of('TEST/ann@example.com'), await of('TEST/robert@example.com')]).toEqual([
      'TEST/ann@example.com',
      'TEST/robert@example.com',
    ])
  })

  test('of a machine is its client’s where the option says so', async () => {
    const api = introspectingApi({}, { subject: clientsAreSubjects })
    api.answer = active(api.issuer, { sub: null, username: '' })
    await expect(api.accept('opaque-1')).resolves.toMatchObject({ subject: 'client:web', isMachine: true })
  })

  test('treats members that are null or empty as missing', async () => {
    const api = introspectingApi({}, { audience: null })
    api.answer = active(api.issuer, {
      ...{ aud: null, iss: null, exp: null, nbf: null, iat: '', jti: null, username: '' },
      ...{ token_type: null, client_id: '', scope: ['read', 'write more'], typ: null, token_use: '' },
    })
    const principal = await api.accept('opaque-1')
    expect(principal).toMatchObject({ subject: 'alice', scopes: ['read', 'write', 'more'] })
    expect(Object.keys(principal.claims).sort()).toEqual(['active', 'scope', 'sub'])
    expect(principal.clientId).toBeUndefined()
  })

  test.each([
    ['no subject', { sub: null }, 'token_claim_missing'],
    ['an empty subject', { sub: '' }, 'token_claim_missing'],
    ['a binding that says nothing', { cnf: null }, 'token_binding_failed'],
    ['an empty binding', { cnf: {} }, 'token_binding_failed'],
    ['an empty text as binding', { cnf: '' }, 'token_binding_failed'],
    ['half a binding', { cnf: { jkt: 'A'.repeat(43), 'x5t#S256': null } }, 'token_binding_failed'],
    ['the type DPoP, and no binding', { token_type: 'DPoP' }, 'token_binding_failed'],
    ['no audience', { aud: null }, 'token_audience_mismatch'],
  ])('is refused with %s', async (_what, members, reason) => {
    const api = introspectingApi()
    api.answer = active(api.issuer, members)
    expect(reasonOf(await api.refuse('opaque-1'))).toBe(reason)
  })

  test('that does not say whether the token is active is the provider’s fault', async () => {
    const api = introspectingApi()
    for (const value of [null, '', 'true', 1]) {
      api.answer = active(api.issuer, { active: value })
      const error = await api.refuse(`opaque-${value}`)
      expect([value, error.status, error.code]).toEqual([value, 503, 'provider_response_invalid'])
    }
  })
})

describe('the option for a subject claim', () => {
  test.each([
    ['no object', 'sub', /"subject"/],
    ['an empty claim', { claim: '' }, /"subject.claim" is empty/],
    ['a list of claims', { claim: ['sub', 'oid'] }, /"subject.claim" must be a string/],
    ['no boolean', { client: 'yes' }, /"subject.client" must be true or false/],
    [
      'claims of clients without clients',
      { clientClaims: ['a'] },
      /"subject" must not have "clientClaims" without client/,
    ],
    ['no list of claims', { client: true, clientClaims: 'tenant' }, /"subject.clientClaims" must be a list/],
    ['an empty name in the list', { client: true, clientClaims: [''] }, /"subject.clientClaims.0" is empty/],
    ['something else', { name: 'sub' }, /"subject.name" is not an option/],
  ])('is refused as %s', (_what, subject, message) => {
    expect(() => testApi({ subject })).toThrow(message)
  })
})

describe('a claim that is missing', () => {
  test.each([
    ['client_id', 'the token\'s client_id is missing (profile: "jwt" does not require it)'],
    ['jti', 'the token\'s jti is missing (profile: "jwt" does not require it)'],
    ['iat', 'the token\'s iat is missing (profile: "jwt" does not require it)'],
    ['exp', "the token's exp is missing"],
    ['iss', "the token's iss is missing"],
    ['aud', 'the token\'s aud is missing (audience: null takes tokens that name none: "clients" can say whose)'],
  ])('is called missing in the log, not invalid: %s', async (claim, message) => {
    const { issuer, refuse } = testApi()
    expect((await refuse(issuer.accessToken({ [claim]: undefined }))).cause).toMatchObject({ message })
  })

  test('is told apart from one that is invalid', async () => {
    const { issuer, refuse } = testApi()
    expect((await refuse(issuer.accessToken({ client_id: 5 }))).cause).toMatchObject({
      message: "the token's client_id must be text of 1 to 255 characters",
    })
  })

  test('is not the time of login as text, as AD FS writes it', async () => {
    const { issuer, accept } = testApi({ profile: 'jwt' })
    await accept(issuer.accessToken({ auth_time: '2026-11-28T10:21:15.733Z' }))
  })
})
