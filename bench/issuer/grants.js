import { createHash, randomBytes, timingSafeEqual } from 'node:crypto'
import { createMint, forged } from './tokens.js'

/** The one client that is registered. */
export const client = { clientId: 's6BhdRkqt3', clientSecret: 'a-secret-of-the-bench-and-of-nobody-else' }

// Enough of a person that the tokens of a session are as long as they are elsewhere.
const profile = {
  name: 'Maria Musterfrau',
  given_name: 'Maria',
  family_name: 'Musterfrau',
  preferred_username: 'maria.musterfrau@example.com',
  email: 'maria.musterfrau@example.com',
  email_verified: true,
  picture: 'https://pictures.example.com/people/248289761001/large.jpg',
  locale: 'de-AT',
}
const entitlements = Array.from({ length: 9 }, (_, i) => `urn:example:entitlement:orders:${i}`)

/**
 * The grants of an authorization server that signs everybody in at once, as the same person.
 *
 * @param trust - `{ issuer, key }` for the tokens; a function, since the server's port comes later
 */
export function createGrants(trust) {
  const codes = new Map()
  const state = { requests: 0, flaw: undefined, mint: undefined, refreshes: new Map() }

  const mint = (...claims) =>
    (state.mint ??= createMint({ ...trust(), audience: 'https://api.example.com' }))(...claims)
  const tokens = (nonce, accessToken = mint({ entitlements })) => {
    const usual = { aud: client.clientId, auth_time: Math.floor(Date.now() / 1000), at_hash: halfHash(accessToken) }
    const idToken = mint({ ...profile, ...usual, nonce: state.flaw === 'nonce' ? 'another' : nonce }, { typ: 'JWT' })
    return {
      access_token: accessToken,
      token_type: 'Bearer',
      expires_in: 7200,
      scope: 'openid profile email offline_access',
      refresh_token: randomBytes(48).toString('base64url'),
      id_token: state.flaw === 'signature' ? forged(idToken) : idToken,
    }
  }

  const grants = {
    authorization_code(form) {
      const known = codes.get(form.get('code'))
      codes.delete(form.get('code'))
      const challenge = createHash('sha256')
        .update(form.get('code_verifier') ?? '')
        .digest('base64url')
      if (known?.challenge !== challenge || known.redirectUri !== form.get('redirect_uri')) return undefined
      // All logins get the same access token: otherwise this server would be the slowest part of many at once.
      return tokens(known.nonce, (state.accessToken ??= mint({ entitlements })))
    },
    /** Any refresh token will do: each use is counted. */
    refresh_token(form) {
      const token = form.get('refresh_token')
      state.refreshes.set(token, (state.refreshes.get(token) ?? 0) + 1)
      const { access_token, token_type, expires_in, refresh_token } = tokens()
      return { access_token, token_type, expires_in, refresh_token }
    },
    client_credentials() {
      const { access_token, token_type, expires_in } = tokens()
      return { access_token, token_type, expires_in }
    },
  }

  return {
    /** Signs a person in, and returns where the browser goes next. */
    authorize(query) {
      const code = randomBytes(24).toString('base64url')
      const [redirectUri, nonce] = [query.get('redirect_uri'), query.get('nonce')]
      codes.set(code, { redirectUri, nonce, challenge: query.get('code_challenge') })
      return `${redirectUri}?${new URLSearchParams({ code, state: query.get('state') })}`
    },
    /** Answers a token request; `undefined` is a refusal. */
    token(form, authorization) {
      state.requests++
      return isClient(form, authorization) ? grants[form.get('grant_type')]?.(form) : undefined
    },
    tokens,
    /** What is wrong with the next ID Tokens: `nonce`, `signature` or nothing. */
    spoil(flaw) {
      state.flaw = flaw
    },
    requests: () => state.requests,
    /** How often each refresh token was used since this was asked last. */
    refreshes() {
      const seen = [...state.refreshes.values()]
      state.refreshes.clear()
      return seen
    },
    /** A logout token that ends all sessions of a person. */
    logoutToken(sub) {
      const mint = createMint({ ...trust(), audience: client.clientId })
      const events = { 'http://schemas.openid.net/event/backchannel-logout': {} }
      const { scope, roles, tenant, client_id } = {}
      return mint({ sub, events, scope, roles, tenant, client_id }, { typ: 'logout+jwt' })
    },
  }
}

function isClient(form, authorization = '') {
  const basic = Buffer.from(authorization.replace(/^Basic /, ''), 'base64').toString()
  const secret = form.get('client_secret') ?? decodeURIComponent(basic.slice(basic.indexOf(':') + 1))
  const [given, known] = [Buffer.from(secret), Buffer.from(client.clientSecret)]
  return given.length === known.length && timingSafeEqual(given, known)
}

// OpenID Connect Core section 3.1.3.6, for SHA-256.
function halfHash(value) {
  return createHash('sha256').update(value).digest().subarray(0, 16).toString('base64url')
}
