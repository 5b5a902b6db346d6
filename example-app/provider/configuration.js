import { createPrivateKey, generateKeyPairSync, randomBytes } from 'node:crypto'
import { actorClaim } from './token-exchange.js'
import { interactionPolicy, secondFactor } from './second-factor.js'
import { askToSignOut, showError, showSignedOut } from './pages.js'

export const clockTolerance = 15
const apiScopes = 'orders:read orders:write'

/**
 * oidc-provider's configuration. Whatever is named here is named on purpose: a default that is used makes it print a notice.
 *
 * @param {import('./pages.js').Site} site
 * @param {readonly import('./users.js').User[]} people
 * @param {import('./provider.js').ProviderOptions} options
 * @param {(model: string) => object} adapter Where its state lives.
 * @returns {Record<string, unknown>}
 */
export function providerConfiguration(site, people, options, adapter) {
  const resource = options.resource === undefined ? 'urn:example:api' : options.resource
  return {
    adapter,
    clients: options.clients,
    clockTolerance,
    cookies: { keys: [randomBytes(32).toString('base64url')], names: cookieNames(site) },
    jwks: { keys: [signingKey('rsa'), signingKey('ec')] },
    claims: {
      openid: ['sub'],
      profile: ['name', 'given_name', 'family_name', 'preferred_username', 'dept'],
      email: ['email', 'email_verified'],
      ...Object.fromEntries(['acr', 'auth_time', 'iss', 'sid'].map((name) => [name, null])),
    },
    // Puts claims into the ID Token, so the application needs no UserInfo request.
    conformIdTokenClaims: false,
    acrValues: [secondFactor],
    scopes: ['openid', 'offline_access'],
    responseTypes: ['code'],
    pkce: { required: () => true },
    rotateRefreshToken: true,
    issueRefreshToken: async (/** @type {unknown} */ _, /** @type {Client} */ client) =>
      client.grantTypeAllowed('refresh_token'),
    findAccount: (/** @type {unknown} */ _, /** @type {string} */ id) => account(people, id),
    loadExistingGrant: grantAll,
    interactions: {
      policy: interactionPolicy(),
      url: (/** @type {unknown} */ _, /** @type {{ uid: string }} */ interaction) => `/interaction/${interaction.uid}`,
    },
    clientBasedCORS: () => false,
    // Without the default dispatcher, which rejects loopback addresses: that is where logout tokens are sent.
    fetch: (/** @type {string} */ url, /** @type {RequestInit} */ { dispatcher: _, ...options }) => fetch(url, options),
    renderError: showError(site),
    extraTokenClaims: actorClaim,
    ttl: lifetimes(options),
    features: {
      devInteractions: { enabled: false },
      dPoP: { enabled: true },
      clientCredentials: { enabled: true },
      revocation: { enabled: true, allowedPolicy: ownTokens },
      introspection: { enabled: true, allowedPolicy: () => true },
      backchannelLogout: { enabled: true },
      rpInitiatedLogout: {
        enabled: true,
        logoutSource: askToSignOut(site, options.clients),
        postLogoutSuccessSource: showSignedOut(site),
      },
      resourceIndicators: {
        enabled: true,
        defaultResource: (
          /** @type {unknown} */ _,
          /** @type {unknown} */ __,
          /** @type {string[] | undefined} */ oneOf,
        ) => oneOf ?? resource ?? undefined,
        useGrantedResource: () => true,
        getResourceServerInfo: (/** @type {unknown} */ _, /** @type {string} */ audience) => ({
          audience,
          scope: apiScopes,
          accessTokenFormat: 'jwt',
          jwt: { sign: { alg: 'RS256' } },
        }),
      },
    },
    ...options.configuration,
  }
}

/**
 * @param {unknown} _
 * @param {{ clientId: string }} client
 * @param {{ clientId: string }} token
 */
function ownTokens(_, client, token) {
  return token.clientId === client.clientId
}

/** @typedef {{ grantTypeAllowed(type: string): boolean }} Client */

/**
 * Names of this provider's own: cookies know no ports, so those of two providers on one host would replace each other.
 *
 * @param {import('./pages.js').Site} site
 */
function cookieNames({ look }) {
  const suffix = look === '' ? '' : `_${look}`
  return {
    session: `_session${suffix}`,
    interaction: `_interaction${suffix}`,
    resume: `_interaction_resume${suffix}`,
  }
}

/** @param {import('./provider.js').ProviderOptions} options */
function lifetimes({
  accessTokenSeconds = 300,
  idTokenSeconds = 3600,
  refreshTokenSeconds = 86_400,
  sessionSeconds = 86_400,
}) {
  return {
    AccessToken: accessTokenSeconds,
    AuthorizationCode: 60,
    ClientCredentials: accessTokenSeconds,
    Grant: Math.max(sessionSeconds, refreshTokenSeconds),
    IdToken: idTokenSeconds,
    Interaction: 600,
    RefreshToken: refreshTokenSeconds,
    Session: sessionSeconds,
  }
}

/** @param {'rsa' | 'ec'} type */
function signingKey(type) {
  const { privateKey } =
    type === 'rsa'
      ? generateKeyPairSync('rsa', { modulusLength: 2048 })
      : generateKeyPairSync('ec', { namedCurve: 'P-256' })
  // Read from its encoding: in Node.js 20 the JWK export of a new key may wait for its own lock for ever.
  const pem = privateKey.export({ type: 'pkcs8', format: 'pem' })
  return {
    ...createPrivateKey(pem).export({ format: 'jwk' }),
    use: 'sig',
    alg: type === 'rsa' ? 'RS256' : 'ES256',
    kid: randomBytes(6).toString('hex'),
  }
}

/**
 * @param {readonly import('./users.js').User[]} people
 * @param {string} id
 */
function account(people, id) {
  const person = people.find((candidate) => candidate.id === id)
  if (person === undefined) return undefined
  const { id: sub, ...claims } = person
  return { accountId: sub, claims: () => ({ sub, ...claims }) }
}

/**
 * Grants what is asked for: this provider and this application belong together, so there is nothing to consent to.
 *
 * @param {import('oidc-provider/lib/provider.js').ProviderContext} ctx
 */
async function grantAll({ oidc }) {
  const { client, session, provider } = oidc
  const known = session.grantIdFor(client.clientId)
  const grant =
    (known === undefined ? undefined : await provider.Grant.find(known)) ??
    new provider.Grant({ accountId: session.accountId, clientId: client.clientId })
  grant.addOIDCScope([...oidc.requestParamOIDCScopes].join(' '))
  for (const [resource, { scopes }] of Object.entries(oidc.resourceServers)) {
    grant.addResourceScope(resource, [...scopes].join(' '))
  }
  await grant.save()
  return grant
}
