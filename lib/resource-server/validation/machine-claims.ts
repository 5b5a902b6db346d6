import type { JsonObject } from '../../base/json.js'
import { clientIdClaims, clientOf } from '../../jose/client-claims.js'
import { scopesIn } from './scopes.js'

type Claims = Readonly<JsonObject>

/** Whom a token speaks for: `both` if it contradicts itself, `unknown` if it does not say. */
export type Speaker = 'machine' | 'person' | 'both' | 'unknown'

/**
 * Determines whether a client acts for itself or for a person, from the claims that providers add. A missing claim
 * proves nothing.
 *
 * @param isTyped - whether the token's `typ` is that of RFC 9068, by which a machine's `sub` is its client ID
 */
export function speakerOf(claims: Claims, isTyped: boolean): Speaker {
  if (isCallOfServiceAccount(claims)) return 'machine'
  const isMachine = machineSigns.some((holds) => holds(claims))
  const isPerson = personSigns.some((holds) => holds(claims)) || (isTyped && !isMachine && isResourceOwner(claims))
  // The service account may be another client's, if the token was exchanged.
  if (isPerson) return isMachine || accountOf(claims) !== undefined ? 'both' : 'person'
  return isMachine ? 'machine' : 'unknown'
}

// RFC 9068 section 2.2. It does not apply if there is an azp beside client_id: Keycloak can set this typ too, and has
// accounts for machines. Others have such accounts too, with a sub of their own, so another sign of a person is
// required.
function isResourceOwner(claims: Claims): boolean {
  const { sub, client_id: client, azp } = claims
  if (!isText(sub) || !isText(client) || azp !== undefined) return false
  return personScopeIn(scopesIn(claims)) !== undefined || loginNames.some((name) => isFilled(claims[name]))
}

const loginNames = 'acr auth_time name given_name nickname preferred_username picture locale zoneinfo'.split(' ')

const machineGrants = ['client-credentials', 'client_credentials']
const personGrants = ['authorization_code', 'implicit', 'password', 'urn:ietf:params:oauth:grant-type:device_code']

/** Each is something that a provider never puts into a person's token. */
const machineSigns: readonly ((claims: Claims) => boolean)[] = [
  isOwnSubject,
  isMachineGrant,
  // Entra's optional claim; Oracle; WSO2.
  ({ idtyp, sub_type: subjectType, aut }) => idtyp === 'app' || subjectType === 'client' || aut === 'APPLICATION',
  isEntraApplication,
  isServiceAccount,
]

// Keycloak records where the client called from in this grant only. The account may still have a session that can be
// refreshed, or an e-mail address.
function isCallOfServiceAccount({ client_id: id, clientId = id, azp, clientHost, clientAddress }: Claims): boolean {
  return isText(clientHost) && isText(clientAddress) && isText(azp) && clientId === azp
}

// A person's sub is pairwise, and scp says what the person delegated. Azure AD B2C uses oid as sub for people too; and
// a client that does not authenticate (azpacr "0") cannot act for itself.
function isEntraApplication(claims: Claims): boolean {
  const { oid, sub, azp, azpacr, appid, appidacr, scp } = claims
  const isKnown = (isText(azp) && isProof(azpacr)) || (isText(appid) && isProof(appidacr))
  return isKnown && isText(oid) && oid === sub && !isFilled(scp) && !entraNames.some((name) => isFilled(claims[name]))
}

const entraNames = 'name preferred_username given_name family_name email emails upn unique_name tfp'.split(' ')

function isProof(value: unknown): boolean {
  return value === '1' || value === '2'
}

// In Cognito, a person's token always has a username.
function isCognitoClient({ token_use: use, sub, client_id: client, username }: Claims): boolean {
  return use === 'access' && isText(sub) && sub === client && !isFilled(username)
}

// gty: Auth0 and FusionAuth. grant_type: Cloud Foundry UAA and ForgeRock.
function isMachineGrant({ gty, grant_type: grantType }: Claims): boolean {
  return isOneOf(gty, machineGrants) || isOneOf(grantType, machineGrants)
}

/**
 * Whether `sub` is made of the client's ID. Plain: RFC 9068 section 2.2, Okta, Cognito and most others. With `@clients`: Auth0. With
 * `(age!…)`: ForgeRock.
 */
export function isOwnSubject(claims: Claims): boolean {
  const { sub } = claims
  return isText(sub) && clientIdClaims.some((name) => namesClient(sub, claims[name]))
}

function namesClient(sub: string, client: unknown): boolean {
  // A fast path for most tokens, which are about people.
  if (!isText(client) || !sub.includes(client)) return false
  return sub === client || sub === `${client}@clients` || sub === `(age!${client})`
}

const serviceAccount = 'service-account-'

// Keycloak: the user of a client's service account has a UUID as sub. User names are in lower case.
function isServiceAccount(claims: Claims): boolean {
  const account = accountOf(claims)
  return account !== undefined && account.slice(serviceAccount.length) === clientOf(claims)?.toLowerCase()
}

function accountOf(claims: Claims): string | undefined {
  return [claims['preferred_username'], claims['username']].find(isServiceAccountName)
}

function isServiceAccountName(name: unknown): name is string {
  return typeof name === 'string' && name.startsWith(serviceAccount)
}

const personSigns: readonly ((claims: Claims) => boolean)[] = [
  // Traces of a login.
  ({ amr, nonce, sid, session_state: state }) => isFilled(amr) || isFilled(nonce) || isFilled(sid) || isFilled(state),
  // AD FS sets it for clients too, as text; so do Cognito and ForgeRock, as a number.
  (claims) => typeof claims['auth_time'] === 'number' && !isCognitoClient(claims) && !isMachineGrant(claims),
  // Only people have these. Other names prove nothing, since service accounts have them too; in Keycloak even an e-mail
  // address.
  (claims) => isText(claims['email']) && !isServiceAccount(claims),
  ({ phone_number: phone, birthdate }) => isText(phone) || isText(birthdate),
  ({ family_name: family, upn, unique_name: unique }) => isText(family) || isText(upn) || isText(unique),
  ({ gty, grant_type: grantType }) => isOneOf(gty, personGrants) || isOneOf(grantType, personGrants),
  ({ idtyp, sub_type: subjectType, aut }) => idtyp === 'user' || subjectType === 'user' || aut === 'APPLICATION_USER',
  // Entra: delegated by a person of a tenant. Okta: the person's ID beside the client's. Cognito: see
  // isCognitoClient().
  ({ scp, tid }) => isText(tid) && isFilled(scp),
  ({ uid, cid }) => isText(uid) && isText(cid),
  ({ token_use: use, username }) => use === 'access' && isText(username),
  // Auth0's connection|id, ForgeRock's (usr!id).
  ({ sub }) => typeof sub === 'string' && /^(?:[\w-]+\|.|\(usr!)/.test(sub),
  // The userinfo endpoint is of use for people only.
  ({ aud }) => Array.isArray(aud) && aud.some((member) => typeof member === 'string' && member.endsWith('/userinfo')),
]

/** Scopes that concern a person (OpenID Connect Core sections 3.1.2.1, 5.4 and 11). */
const personScopes = ['openid', 'profile', 'email', 'address', 'phone', 'offline_access']

/** The first scope that concerns a person. */
export function personScopeIn(scopes: readonly string[]): string | undefined {
  return personScopes.find((scope) => scopes.includes(scope))
}

function isOneOf(value: unknown, names: readonly unknown[]): boolean {
  return Array.isArray(value) ? value.some((member) => names.includes(member)) : names.includes(value)
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value !== ''
}

/** Whether a claim has content: `null`, an empty string and an empty list do not. */
export function isFilled(value: unknown): boolean {
  return value !== undefined && value !== null && value !== '' && !(Array.isArray(value) && value.length === 0)
}
