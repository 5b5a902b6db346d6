import type { JsonObject } from '../seal/json.js'

type Claims = Readonly<JsonObject>

/** The claims that name the client a token was issued to, the standard one first (RFC 9068 section 2.2). */
const clientClaims = ['client_id', 'azp', 'cid', 'appid'] as const

/** The client that a token was issued to, where it says so. */
export function clientOf(claims: Claims): string | undefined {
  for (const name of clientClaims) {
    const value = claims[name]
    if (isText(value)) return value
  }
  return undefined
}

/**
 * Whether a client acts for itself (`true`) or for a person (`false`), by what providers write. A token that speaks for
 * neither, or for both, leaves it unknown: `undefined`.
 *
 * @param isTyped - whether the token declares itself to be one by RFC 9068, in which a machine's `sub` is its client's
 */
export function isMachineByClaims(claims: Claims, isTyped: boolean): boolean | undefined {
  const isMachine = machineSigns.some((holds) => holds(claims))
  const isPerson = personSigns.some((holds) => holds(claims)) || (isTyped && !isMachine && isResourceOwner(claims))
  return isMachine === isPerson ? undefined : isMachine
}

// Section 2.2. Not where azp stands beside client_id: Keycloak can declare the type as well, and has accounts for machines.
function isResourceOwner({ sub, client_id: client, azp }: Claims): boolean {
  return isText(sub) && isText(client) && azp === undefined
}

const machineGrants = ['client-credentials', 'client_credentials']
const personGrants = ['authorization_code', 'implicit', 'password', 'urn:ietf:params:oauth:grant-type:device_code']

/** Each is the word of a provider that writes it in no token of a person. */
const machineSigns: readonly ((claims: Claims) => boolean)[] = [
  isOwnSubject,
  // Auth0 and FusionAuth; Cloud Foundry UAA.
  ({ gty, grant_type: grantType }) => isOneOf(gty, machineGrants) || isOneOf(grantType, machineGrants),
  // Entra's optional claim; Oracle; WSO2.
  ({ idtyp, sub_type: subjectType, aut }) => idtyp === 'app' || subjectType === 'client' || aut === 'APPLICATION',
  // Entra: for people, sub is pairwise and scp says what was delegated.
  ({ oid, sub, azp, appid, scp }) => isText(oid) && oid === sub && (isText(azp) || isText(appid)) && !isFilled(scp),
  isServiceAccount,
  // Keycloak without the scope "profile": where the client called from is noted in this grant only.
  ({ client_id: id, clientId = id, azp, clientHost, clientAddress }) =>
    isText(clientHost) && isText(clientAddress) && isText(azp) && clientId === azp,
]

// RFC 9068 section 2.2, Okta, Cognito and most others; Auth0; ForgeRock.
function isOwnSubject(claims: Claims): boolean {
  const { sub, client_id: id, azp, cid, appid } = claims
  return isText(sub) && (names(sub, id) || names(sub, azp) || names(sub, cid) || names(sub, appid))
}

function names(sub: string, client: unknown): boolean {
  // Most tokens are about people, and go no further than this.
  if (!isText(client) || !sub.includes(client)) return false
  return sub === client || sub === `${client}@clients` || sub === `(age!${client})`
}

const serviceAccount = 'service-account-'

// Keycloak: the user of a client's service account, whose sub is a UUID. Its names are in lower case.
function isServiceAccount(claims: Claims): boolean {
  const account = [claims['preferred_username'], claims['username']].find(isServiceAccountName)
  return account !== undefined && account.slice(serviceAccount.length) === clientOf(claims)?.toLowerCase()
}

function isServiceAccountName(name: unknown): name is string {
  return typeof name === 'string' && name.startsWith(serviceAccount)
}

const personSigns: readonly ((claims: Claims) => boolean)[] = [
  // What a login leaves in a token.
  ({ amr, nonce, sid, session_state: state }) => isFilled(amr) || isFilled(nonce) || isFilled(sid) || isFilled(state),
  // AD FS writes one as text for clients, too.
  ({ auth_time: at }) => typeof at === 'number',
  // What only people have. Other names say nothing: service accounts have some too.
  ({ email, phone_number: phone, birthdate }) => isText(email) || isText(phone) || isText(birthdate),
  ({ family_name: family, upn, unique_name: unique }) => isText(family) || isText(upn) || isText(unique),
  ({ gty, grant_type: grantType }) => isOneOf(gty, personGrants) || isOneOf(grantType, personGrants),
  ({ idtyp, sub_type: subjectType, aut }) => idtyp === 'user' || subjectType === 'user' || aut === 'APPLICATION_USER',
  // Entra: delegated by a person of a tenant. Okta: the person's id beside the client's. Cognito.
  ({ scp, tid }) => isText(tid) && isFilled(scp),
  ({ uid, cid }) => isText(uid) && isText(cid),
  ({ token_use: use, username }) => use === 'access' && isText(username),
  // Auth0's connection|id, ForgeRock's (usr!id).
  ({ sub }) => typeof sub === 'string' && /^(?:[\w-]+\|.|\(usr!)/.test(sub),
  // The userinfo endpoint has nothing to tell about a machine.
  ({ aud }) => Array.isArray(aud) && aud.some((member) => typeof member === 'string' && member.endsWith('/userinfo')),
]

/** Scopes that ask for a person (OpenID Connect Core sections 3.1.2.1, 5.4 and 11). */
const personScopes = ['openid', 'profile', 'email', 'address', 'phone', 'offline_access']

/** Names of claims about people and their logins, without what namespaces and spellings differ in. */
const personNames = new Set(
  `sub user username userid uid preferredusername login loginname upn uniquename nameid nameidentifier subjectid name
  displayname fullname commonname cn givenname firstname middlename familyname lastname surname nickname email
  emailaddress mail phonenumber mobilephone address profile picture gender birthdate zoneinfo locale sid sessionid
  sessionstate session authtime authenticationinstant authmethod authenticationmethod authenticationmethodreference
  amr nonce act onbehalfof resourceowner oid objectid puid onpremsid primarysid winaccountname windowsaccountname
  samaccountname employeeid personid`.split(/\s+/),
)

/**
 * Whether anything at all in a token speaks of a person: any claim about one, in whatever namespace, or a scope that
 * asks for one. What is `null` or empty says nothing.
 */
export function mentionsPerson(claims: Claims, scopes: readonly string[]): boolean {
  if (personScopes.some((scope) => scopes.includes(scope))) return true
  return Object.entries(claims).some(([name, value]) => isFilled(value) && personNames.has(bareName(name)))
}

// `custom:user_name` and `https://example.com/claims/userName` are about the same thing.
function bareName(name: string): string {
  return name
    .slice(Math.max(name.lastIndexOf('/'), name.lastIndexOf(':'), name.lastIndexOf('#')) + 1)
    .replace(/[^a-z]/gi, '')
    .toLowerCase()
}

function isOneOf(value: unknown, names: readonly unknown[]): boolean {
  return Array.isArray(value) ? value.some((member) => names.includes(member)) : names.includes(value)
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value !== ''
}

function isFilled(value: unknown): boolean {
  return value !== undefined && value !== null && value !== '' && !(Array.isArray(value) && value.length === 0)
}
