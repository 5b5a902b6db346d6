import type { OidcErrorCode } from '../../lib/error-codes.js'
import { type Demand, asksForClaims, sendsBasicCredentials, sendsBearerHeader } from './demands.js'
import {
  type Faults,
  append,
  noSignature,
  otherAlgorithm,
  parameter,
  refusal,
  replaced,
  spoiltHmac,
  spoiltSignature,
  without,
} from './faults.js'
import type { SigningAlgorithm } from './keys.js'

/** A conformance plan, by the suite's name. */
export type Plan =
  | 'oidcc-client-basic-certification-test-plan'
  | 'oidcc-client-formpost-basic-certification-test-plan'
  | 'oidcc-client-config-certification-test-plan'
  | 'oidcc-client-test-plan'
  | 'oidcc-client-refreshtoken-test-plan'
  | 'oidcc-client-test-3rd-party-init-login-test-plan'
  | 'oidcc-client-rp-initiated-logout-rp-basic'
  | 'fapi2-security-profile-final-client-test-plan'

/** The answer after which a module asks the relying party to stop. */
export type FaultyAnswer = 'discovery' | 'authorization' | 'token' | 'refresh' | 'userinfo'

/** What the driver does: one login and a userinfo request, with a refresh between them, two of them, or a warm-up call and nothing else. */
export type Drive =
  | 'login'
  | 'login, then refresh'
  | 'login, then logout'
  | 'third-party-initiated login'
  | 'two logins'
  | 'warm-up'
  | 'warm-up, then login'

/** One module of a conformance plan. */
export interface Module {
  readonly id: string
  readonly plan: Plan
  readonly faults: Faults
  readonly expect: 'login' | 'stop' | 'either'
  /** The request on which the suite ends the module, or that a relying party makes if it does not stop. */
  readonly finish: 'userinfo' | 'jwks' | 'discovery' | 'logout' | 'resource'
  /** Our own code for the stop. */
  readonly errorCode?: OidcErrorCode
  readonly stopsAfter?: FaultyAnswer
  readonly drive?: Drive
  /** How often the key set is asked for. @default 1 where an ID Token comes, else 0 */
  readonly keyRequests?: number
  /** What the provider signs with and the relying party has registered. */
  readonly algorithm?: SigningAlgorithm
  readonly authorizationParams?: Readonly<Record<string, string>>
  readonly demands?: readonly Demand[]
}

type Row = Omit<Module, 'plan' | 'id'>

const login: Row = { faults: {}, expect: 'login', finish: 'userinfo' }

function stop(stopsAfter: FaultyAnswer, errorCode: OidcErrorCode, faults: Faults): Row {
  return { faults, expect: 'stop', finish: 'userinfo', stopsAfter, errorCode }
}

const badSignature = (sign: NonNullable<Faults['sign']>): Row => stop('token', 'token_signature_invalid', { sign })

/** An algorithm is refused before a key is looked for. */
function badAlgorithm(sign: NonNullable<Faults['sign']>): Row {
  return { ...stop('token', 'token_algorithm_refused', { sign }), keyRequests: 0 }
}

const basic: Readonly<Record<string, Row>> = {
  'oidcc-client-test': login,
  'oidcc-client-test-invalid-iss': stop('token', 'token_issuer_mismatch', { claims: append('iss', '1') }),
  'oidcc-client-test-missing-sub': stop('token', 'token_claim_missing', { claims: without('sub') }),
  'oidcc-client-test-invalid-aud': stop('token', 'token_audience_mismatch', { claims: append('aud', '1') }),
  'oidcc-client-test-missing-iat': stop('token', 'token_claim_missing', { claims: without('iat') }),
  'oidcc-client-test-kid-absent-single-jwks': { ...login, faults: { keySet: 'one key without kid' } },
  'oidcc-client-test-kid-absent-multiple-jwks': {
    faults: { keySet: 'several keys without kid' },
    expect: 'either',
    finish: 'userinfo',
    stopsAfter: 'token',
    errorCode: 'token_key_not_found',
  },
  'oidcc-client-test-idtoken-sig-rs256': login,
  'oidcc-client-test-idtoken-sig-none': badAlgorithm(noSignature),
  'oidcc-client-test-invalid-sig-rs256': badSignature(spoiltSignature),
  'oidcc-client-test-userinfo-invalid-sub': stop('userinfo', 'subject_mismatch', {
    userinfo: append('sub', 'invalid'),
  }),
  'oidcc-client-test-nonce-invalid': stop('token', 'token_nonce_mismatch', { claims: append('nonce', '1') }),
  'oidcc-client-test-scope-userinfo-claims': { ...login, demands: [asksForClaims] },
  'oidcc-client-test-client-secret-basic': { ...login, demands: [sendsBasicCredentials] },
}

const config: Readonly<Record<string, Row>> = {
  'oidcc-client-test-discovery-openid-config': { ...login, finish: 'discovery', drive: 'warm-up' },
  'oidcc-client-test-discovery-jwks-uri-keys': { ...login, finish: 'jwks', drive: 'warm-up' },
  'oidcc-client-test-discovery-issuer-mismatch': stop('discovery', 'provider_issuer_mismatch', {
    discovery: append('issuer', 'INVALID'),
  }),
  'oidcc-client-test-idtoken-sig-none': badAlgorithm(noSignature),
  'oidcc-client-test-signing-key-rotation-just-before-signing': {
    ...login,
    faults: { rotates: 'before signing' },
    drive: 'warm-up, then login',
    keyRequests: 2,
  },
  'oidcc-client-test-signing-key-rotation': {
    ...login,
    faults: { rotates: 'at the second authorization request' },
    drive: 'two logins',
    keyRequests: 2,
  },
}

const superset: Readonly<Record<string, Row>> = {
  'oidcc-client-test-missing-aud': stop('token', 'token_claim_missing', { claims: without('aud') }),
  'oidcc-client-test-userinfo-bearer-header': { ...login, demands: [sendsBearerHeader] },
  'oidcc-client-test-userinfo-signed': { ...login, faults: { userinfoSigned: 'RS256' } },
  'oidcc-client-test-invalid-sig-hs256': badAlgorithm(spoiltHmac),
  'oidcc-client-test-invalid-sig-es256': {
    ...badSignature(spoiltSignature),
    algorithm: 'ES256',
  },
  'oidcc-client-test-form-post-error': {
    ...stop('authorization', 'login_required', { authorization: refusal('login_required') }),
    authorizationParams: { response_mode: 'form_post', prompt: 'none', max_age: '0' },
  },
}

// Short-lived, so that the driver's clock need not outrun the ID Token.
const shortLived: Faults = { token: replaced('expires_in', () => 100) }
const badRefresh = (code: OidcErrorCode, claim: string): Row => ({
  ...stop('refresh', code, { ...shortLived, refreshedClaims: append(claim, '1') }),
  drive: 'login, then refresh',
})

const refresh: Readonly<Record<string, Row>> = {
  'oidcc-client-test-refresh-token': { ...login, drive: 'login, then refresh', faults: shortLived },
  'oidcc-client-test-refresh-token-invalid-issuer': badRefresh('token_issuer_mismatch', 'iss'),
  'oidcc-client-test-refresh-token-invalid-sub': badRefresh('subject_mismatch', 'sub'),
}

const thirdParty: Readonly<Record<string, Row>> = {
  'oidcc-client-test-3rd-party-init-login': { ...login, drive: 'third-party-initiated login' },
}

const logout: Row = { ...login, drive: 'login, then logout', finish: 'logout' }

const rpInitiatedLogout: Readonly<Record<string, Row>> = {
  'oidcc-client-test-rp-init-logout': logout,
  'oidcc-client-test-rp-init-logout-other-state': {
    ...logout,
    faults: { endSession: parameter('state', (state) => `${state}1`) },
  },
  'oidcc-client-test-rp-init-logout-no-state': { ...logout, faults: { endSession: parameter('state', undefined) } },
}

const onIdToken: Readonly<Record<string, Row>> = {
  'invalid-iss': stop('token', 'token_issuer_mismatch', { claims: append('iss', '1') }),
  'invalid-aud': stop('token', 'token_audience_mismatch', { claims: append('aud', '1') }),
  'invalid-secondary-aud': stop('token', 'token_audience_mismatch', {
    claims: replaced('aud', (aud) => [aud, 'https://other1.example.com']),
  }),
  'invalid-null-alg': badAlgorithm(noSignature),
  'invalid-alternate-alg': badAlgorithm(otherAlgorithm('RS256')),
  'invalid-expired-exp': stop('token', 'token_expired', { claims: replaced('exp', (exp) => Number(exp) - 600) }),
  'invalid-missing-exp': stop('token', 'token_claim_missing', { claims: without('exp') }),
  'invalid-missing-aud': stop('token', 'token_claim_missing', { claims: without('aud') }),
  'invalid-missing-iss': stop('token', 'token_claim_missing', { claims: without('iss') }),
  'invalid-nonce': stop('token', 'token_nonce_mismatch', { claims: append('nonce', '1') }),
  'invalid-missing-nonce': stop('token', 'token_nonce_mismatch', { claims: without('nonce') }),
}

const onAuthorizationResponse: Readonly<Record<string, Row>> = {
  'invalid-authorization-response-iss': stop('authorization', 'issuer_mismatch', {
    authorization: parameter('iss', (iss) => `${iss}INVALID`),
  }),
  'remove-authorization-response-iss': stop('authorization', 'issuer_mismatch', {
    authorization: parameter('iss', undefined),
  }),
  'ensure-authorization-response-with-invalid-state-fails': stop('authorization', 'state_mismatch', {
    authorization: parameter('state', (state) => `${state}1`),
  }),
  'ensure-authorization-response-with-invalid-missing-state-fails': stop('authorization', 'state_missing', {
    authorization: parameter('state', undefined),
  }),
}

const fapi2: Readonly<Record<string, Row>> = {
  'happy-path': login,
  'valid-aud-as-array': { ...login, faults: { claims: replaced('aud', (aud) => [aud]) } },
  'token-endpoint-response-without-expires_in': { ...login, faults: { token: without('expires_in') } },
  'token-type-case-insensitivity': {
    ...login,
    faults: { token: replaced('token_type', (type) => otherCase(String(type))) },
  },
  ...onIdToken,
  ...onAuthorizationResponse,
}

function otherCase(text: string): string {
  return text.replace(/[A-Za-z]/g, (letter) => (letter < 'a' ? letter.toLowerCase() : letter.toUpperCase()))
}

/** Every module that we reproduce. A further plan is a further table and a line here. */
export const modules: readonly Module[] = [
  ...plan('oidcc-client-basic-certification-test-plan', basic),
  ...plan('oidcc-client-formpost-basic-certification-test-plan', basic, {
    authorizationParams: { response_mode: 'form_post' },
  }),
  ...plan('oidcc-client-config-certification-test-plan', config),
  ...plan('oidcc-client-test-plan', superset),
  ...plan('oidcc-client-refreshtoken-test-plan', refresh),
  ...plan('oidcc-client-test-3rd-party-init-login-test-plan', thirdParty),
  ...plan('oidcc-client-rp-initiated-logout-rp-basic', rpInitiatedLogout),
  ...plan('fapi2-security-profile-final-client-test-plan', underPs256(fapi2)),
]

function plan(name: Plan, rows: Readonly<Record<string, Row>>, fixed: Partial<Row> = {}): readonly Module[] {
  return Object.entries(rows).map(([id, row]) => ({ ...row, ...fixed, id, plan: name }))
}

/** FAPI 2 signs with PS256, publishes decoys under the right key's kid and names itself in the authorization response. */
function underPs256(rows: Readonly<Record<string, Row>>): Readonly<Record<string, Row>> {
  return Object.fromEntries(
    Object.entries(rows).map(([id, row]): [string, Row] => [
      `fapi2-security-profile-final-client-test-${id}`,
      { ...row, algorithm: 'PS256', faults: { keySet: 'decoys with the same kid', ...row.faults } },
    ]),
  )
}
