import { describe, expect, test } from '@jest/globals'
import { machine, not, person } from '../../../lib/index.js'
import type { Principal } from '../../../lib/policy/principal.js'
import { ask, type Requirement } from '../../../lib/policy/requirement.js'
import { testApi } from '../../kit/resource-server/api.js'
import { apiProvider, audience } from '../../kit/provider/provider.js'

const uuid = 'd64368fc-b6f6-4b6f-9b71-f61158f31f9d'
const keycloakMachine = {
  ...{ typ: 'Bearer', sub: uuid, azp: 'svc', client_id: 'svc', preferred_username: 'service-account-svc' },
  ...{ acr: '1', scope: 'email profile', email_verified: false, clientHost: '10.0.0.1', clientAddress: '10.0.0.1' },
}
const keycloakPerson = {
  ...{ typ: 'Bearer', sub: uuid, azp: 'web', client_id: undefined, sid: 's', acr: '1', scope: 'openid email profile' },
  ...{ preferred_username: 'alice', email_verified: false, name: 'Alice' },
}
const entra = { client_id: undefined, scope: undefined, azp: 'app', azpacr: '1', tid: 't', ver: '2.0' }

const cognitoMachine = {
  ...{
    sub: '2aqb1',
    client_id: '2aqb1',
    token_use: 'access',
    scope: 'orders/read',
    auth_time: 1_799_999_990,
    version: 2,
  },
  aud: undefined,
}
const cognitoPerson = {
  ...{ sub: uuid, client_id: '2aqb1', token_use: 'access', scope: 'aws.cognito.signin.user.admin', username: 'alice' },
  ...{ auth_time: 1_799_999_990, version: 2, 'cognito:groups': ['staff'], origin_jti: uuid, event_id: uuid },
  aud: undefined,
}
const b2c = {
  ...{ client_id: undefined, scope: undefined, sub: 'o', oid: 'o', azp: 'spa', azpacr: '1', ver: '1.0' },
  ...{ name: 'Alice', emails: ['alice@example.com'], tfp: 'B2C_1_signin' },
}

type Table = readonly (readonly [string, Record<string, unknown>])[]

const machines: Table = [
  ['RFC 9068, Okta, Hydra, Spring: sub is the client', { sub: 'web' }],
  ['Okta', { client_id: undefined, scope: undefined, cid: '0oa1', sub: '0oa1', scp: ['orders'] }],
  ['Cognito', cognitoMachine],
  ['Cognito without a time of login', { ...cognitoMachine, auth_time: undefined }],
  ['Auth0', { client_id: undefined, azp: 'web', sub: 'web@clients', gty: 'client-credentials' }],
  ['Auth0 by RFC 9068', { sub: 'web@clients' }],
  ['FusionAuth', { sub: uuid, gty: ['client_credentials'] }],
  ['Entra with idtyp', { ...entra, sub: 'o', oid: 'o', idtyp: 'app' }],
  ['Entra without', { ...entra, sub: 'o', oid: 'o', roles: ['Orders.Read.All'] }],
  ['Entra v1', { ...entra, azp: undefined, azpacr: undefined, appid: 'app', appidacr: '2', sub: 'o', oid: 'o' }],
  ['Oracle', { sub: uuid, sub_type: 'client' }],
  ['WSO2', { sub: uuid, aut: 'APPLICATION' }],
  ['ForgeRock', { sub: '(age!web)' }],
  ['ForgeRock with its grant and a time', { sub: uuid, grant_type: 'client_credentials', auth_time: 1_799_999_990 }],
  ['Keycloak with refresh tokens', { ...keycloakMachine, sid: 's', session_state: 's' }],
  ['Keycloak with an e-mail address', { ...keycloakMachine, email: 'jobs@example.com', email_verified: true }],
  [
    'Keycloak with an e-mail address, and without notes of the session',
    { ...keycloakMachine, email: 'jobs@example.com', clientHost: undefined, clientAddress: undefined },
  ],
  ['Keycloak', keycloakMachine],
  ['Keycloak, with capitals in the client’s ID', { ...keycloakMachine, azp: 'SVC', client_id: 'SVC' }],
  ['Keycloak without client_id', { ...keycloakMachine, client_id: undefined }],
  ['Keycloak without the scope profile', { ...keycloakMachine, preferred_username: undefined }],
  ['Keycloak before 20', { ...keycloakMachine, client_id: undefined, clientId: 'svc' }],
]

const persons: Table = [
  ['RFC 9068, by a scope', { scope: 'openid orders:read' }],
  ['RFC 9068, by the kind of login', { acr: '1' }],
  ['RFC 9068, by a name', { given_name: 'Alice' }],
  ['RFC 9068, by a time of login', { auth_time: 1_799_999_990 }],
  ['Okta', { client_id: undefined, scope: undefined, cid: '0oa1', uid: '00u1', sub: 'a@example.com', scp: ['openid'] }],
  ['Cognito', cognitoPerson],
  ['Auth0', { client_id: undefined, azp: 'web', sub: 'auth0|123' }],
  ['Auth0 with userinfo', { azp: 'web', sub: 'x', aud: [audience, 'https://issuer.example.com/userinfo'] }],
  ['FusionAuth', { sub: uuid, gty: ['authorization_code'] }],
  ['Entra', { ...entra, sub: 's', oid: 'o', scp: 'Orders.Read', name: 'Alice', preferred_username: 'a@example.com' }],
  ['Entra with idtyp', { ...entra, sub: 's', oid: 'o', scp: 'Orders.Read', idtyp: 'user' }],
  ['Entra v1', { ...entra, azp: undefined, appid: 'app', sub: 's', scp: 'Orders.Read' }],
  ['Oracle', { sub: uuid, sub_type: 'user' }],
  ['WSO2', { sub: uuid, aut: 'APPLICATION_USER' }],
  ['ForgeRock', { sub: '(usr!alice)' }],
  ['Keycloak', keycloakPerson],
  ['Keycloak, lightweight', { ...keycloakPerson, preferred_username: undefined, name: undefined }],
  ['Keycloak with a client_id', { ...keycloakPerson, client_id: 'web' }],
  ['an amr', { azp: 'web', amr: ['pwd'] }],
]

const unknowns: Table = [
  ['RFC 9068 with nothing but a sub', {}],
  ['RFC 9068 with the account of a machine', { sub: uuid, preferred_username: 'service-account-x', scope: 'email' }],
  ['Azure AD B2C, where people have their oid for a sub', b2c],
  ['Entra’s client that is known by nothing', { ...entra, sub: 'o', oid: 'o', azpacr: '0' }],
  ['names beside Entra’s application', { ...entra, sub: 'o', oid: 'o', preferred_username: 'a@example.com' }],
  ['e-mail addresses beside Entra’s application', { ...entra, sub: 'o', oid: 'o', emails: ['a@example.com'] }],
  ['a client of Cognito with a username', { ...cognitoMachine, username: '2aqb1' }],
  [
    'a service account whose token another client has exchanged',
    { ...keycloakMachine, azp: 'other', client_id: 'other', clientId: 'svc', sid: 's' },
  ],
  ['an account of Keycloak without anything that Keycloak says', { sub: uuid, azp: 'svc', client_id: 'svc' }],
  ['a person who is called as a service account', { ...keycloakPerson, preferred_username: 'service-account-web' }],
  [
    'a service account of another client',
    { ...keycloakMachine, azp: 'other', client_id: 'other', clientHost: undefined },
  ],
  ['names that an account of a machine has as well', { azp: 'web', preferred_username: 'x', name: 'X' }],
  ['the client as sub, and a login', { sub: 'web', auth_time: 1 }],
  ['Entra’s app with a person’s scope', { ...entra, sub: 'o', oid: 'o', idtyp: 'app', scp: 'Orders.Read' }],
]

const api = testApi({ profile: 'jwt', audience: null }, apiProvider())
const principalOf = (what: string, claims: Record<string, unknown>): Promise<Principal> =>
  api.accept(api.issuer.accessToken(claims, what.includes('RFC 9068') ? {} : { typ: 'JWT' }))
const passes = async (requirement: Requirement, who: Principal) => (await ask(requirement, who, undefined)).met
const verdicts = (who: Principal) =>
  Promise.all([person(), machine(), not(person()), not(machine())].map((requirement) => passes(requirement, who)))

describe('isMachine', () => {
  test.each(machines)('is true for a machine of %s', async (what, claims) => {
    const who = await principalOf(what, claims)
    expect(who.isMachine).toBe(true)
    expect(await verdicts(who)).toEqual([false, true, true, false])
  })

  test.each(persons)('is false for a person of %s', async (what, claims) => {
    const who = await principalOf(what, claims)
    expect(who.isMachine).toBe(false)
    expect(await verdicts(who)).toEqual([true, false, false, true])
  })

  test.each(unknowns)(
    'is undefined, and meets neither a requirement nor its opposite, for %s',
    async (what, claims) => {
      const who = await principalOf(what, claims)
      expect(who.isMachine).toBeUndefined()
      expect('isMachine' in JSON.parse(JSON.stringify(who))).toBe(false)
      expect(await verdicts(who)).toEqual([false, false, false, false])
    },
  )

  test('is not guessed from a type of token that was not declared', async () => {
    expect((await principalOf('JWT', {})).isMachine).toBeUndefined()
  })

  test('is not known by the declared type where accounts of machines may be behind it', async () => {
    const who = await api.accept(api.issuer.accessToken({ sub: uuid, azp: 'svc', client_id: 'svc' }))
    expect(who.isMachine).toBeUndefined()
  })
})

describe('the application’s own isMachine()', () => {
  const answering = (answer: unknown) => testApi({ isMachine: () => answer }, api.issuer)

  test('decides, and leaves to the claims what it does not know', async () => {
    const token = api.issuer.accessToken()
    await expect(answering(true).accept(token)).resolves.toMatchObject({ isMachine: true, subject: 'alice' })
    await expect(answering(false).accept(token)).resolves.toMatchObject({ isMachine: false })
    const known = api.issuer.accessToken({ acr: '1' })
    await expect(answering(undefined).accept(known)).resolves.toMatchObject({ isMachine: false })
    expect((await answering(undefined).accept(token)).isMachine).toBeUndefined()
  })

  test('gets the claims', async () => {
    const isMachine = ({ kind }: Record<string, unknown>) => kind === 'robot'
    const { accept } = testApi({ isMachine }, api.issuer)
    await expect(accept(api.issuer.accessToken({ kind: 'robot' }))).resolves.toMatchObject({ isMachine: true })
  })

  test('makes a client the subject of a token without one, with the option for that', async () => {
    const isMachine = ({ sub }: Record<string, unknown>) => sub === null
    const { accept } = testApi({ isMachine, profile: 'jwt', subject: { client: true } }, api.issuer)
    const token = api.issuer.accessToken({ sub: null, scope: 'openid' })
    await expect(accept(token)).resolves.toMatchObject({ isMachine: true, subject: 'client:web' })
  })

  test.each([['yes'], [1], [null], [Promise.resolve(true)]])(
    'that returns %p is a mistake of the configuration',
    async (answer) => {
      await expect(answering(answer).accept(api.issuer.accessToken())).rejects.toMatchObject({
        code: 'invalid_options',
      })
    },
  )
})
