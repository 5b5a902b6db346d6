import { randomBytes, randomUUID } from 'node:crypto'

/** Tokens as a provider hands them out. */
export interface LargeTokens {
  readonly accessToken: string
  readonly refreshToken: string
  /** What the ID Token says beside `iss`, `sub`, `aud`, `exp`, `iat` and `nonce`. */
  readonly claims: Readonly<Record<string, unknown>>
}

/** A JWT whose signature nobody checks. */
export function jwt(claims: object, signatureBytes = 256): string {
  const header = { alg: 'RS256', typ: 'JWT', kid: randomBytes(32).toString('base64url') }
  const parts = [header, claims].map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'))
  return [...parts, randomBytes(signatureBytes).toString('base64url')].join('.')
}

/** Role names of one length. */
export function roleNames(count: number, length: number): readonly string[] {
  return Array.from({ length: count }, (_, index) => `${index}-department-of-applied-examples-reader`.slice(0, length))
}

/** What Keycloak 26 issues for a person with these realm roles: they stand in the access token, and in the ID Token where a mapper says so. */
export function keycloakTokens(roles: readonly string[], { inIdToken = false } = {}): LargeTokens {
  const [sid, now] = [randomUUID(), 1_800_000_000]
  const person = {
    email_verified: true,
    name: 'Alice Example',
    preferred_username: 'alice',
    given_name: 'Alice',
    family_name: 'Example',
    email: 'alice@example.com',
  }
  const realm = { realm_access: { roles: ['default-roles-demo', 'offline_access', 'uma_authorization', ...roles] } }
  const common = { exp: now + 300, iat: now, iss: 'https://keycloak.example.com/realms/demo', sub: randomUUID(), sid }
  const accessToken = jwt({
    ...common,
    auth_time: now,
    jti: `onrtac:${randomUUID()}`,
    aud: 'account',
    typ: 'Bearer',
    azp: 'web',
    acr: '1',
    'allowed-origins': ['https://app.example.com'],
    ...realm,
    resource_access: { account: { roles: ['manage-account', 'manage-account-links', 'view-profile'] } },
    scope: 'openid email profile',
    ...person,
  })
  const refreshToken = jwt({ ...common, aud: common.iss, jti: randomUUID(), typ: 'Refresh', azp: 'web' }, 64)
  const claims = { auth_time: now, jti: randomUUID(), typ: 'ID', azp: 'web', acr: '1', sid, ...person }
  return { accessToken, refreshToken, claims: inIdToken ? { ...claims, ...realm } : claims }
}

/** What Microsoft Entra ID issues to a member of some groups: an ID Token of 1.7 KB, an access token of 2.5, a refresh token of 1.5. */
export function entraTokens(): LargeTokens {
  const groups = Array.from({ length: 12 }, () => randomUUID())
  const person = {
    name: 'Alice Example',
    oid: randomUUID(),
    preferred_username: 'alice@example.com',
    tid: randomUUID(),
  }
  const accessToken = jwt({
    ...person,
    groups: [...groups, ...Array.from({ length: 18 }, () => randomUUID())],
    scp: 'User.Read',
  })
  const refreshToken = `1.${randomBytes(150).toString('base64url')}.${randomBytes(970).toString('base64url')}`
  return {
    accessToken,
    refreshToken,
    claims: { ...person, groups, login_hint: `O.${randomBytes(90).toString('base64url')}` },
  }
}
