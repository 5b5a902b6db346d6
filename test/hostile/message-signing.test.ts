import { afterEach, describe, expect, test } from '@jest/globals'
import type { OidcErrorCode } from '../../lib/index.js'
import { type Host, hosts } from '../hosts/hosts.js'
import { newBrowser, walk } from './browser.js'
import { type Faults, append, noSignature, replaced, spoiltSignature, without } from './faults.js'
import { certificateHeader, type SigningVariant } from './message-signing.js'
import { modules as allModules } from './modules.js'
import { type Run, startRun } from './relying-party.js'

const plan = 'fapi2-message-signing-final-client-test-plan'
const [host] = hosts as readonly [Host]

interface SigningModule {
  readonly id: string
  readonly faults: Faults
  /** Our own code for the stop; a login if there is none. */
  readonly errorCode?: OidcErrorCode
  /** The answer after which nothing more may be asked for. */
  readonly stopsAfter?: string
  readonly only?: Partial<SigningVariant>
  readonly provider?: Pick<SigningVariant, 'asksForNonce' | 'scheme'>
}

const stop = (id: string, errorCode: OidcErrorCode, faults: Faults): SigningModule => ({
  ...{ id, errorCode, faults, stopsAfter: 'authorization' },
  only: { response: 'jarm' },
})

const ensureJarm: readonly SigningModule[] = [
  stop('ensure-jarm-without-iss-fails', 'token_claim_missing', { responseClaims: without('iss') }),
  stop('ensure-jarm-with-invalid-iss-fails', 'token_issuer_mismatch', { responseClaims: append('iss', '1') }),
  stop('ensure-jarm-without-aud-fails', 'token_claim_missing', { responseClaims: without('aud') }),
  stop('ensure-jarm-with-invalid-aud-fails', 'token_audience_mismatch', { responseClaims: append('aud', '1') }),
  stop('ensure-jarm-without-exp-fails', 'token_claim_missing', { responseClaims: without('exp') }),
  stop('ensure-jarm-with-expired-exp-fails', 'token_expired', {
    responseClaims: replaced('exp', (exp) => Number(exp) - 600),
  }),
  stop('ensure-jarm-with-invalid-sig-fails', 'token_signature_invalid', { responseSign: spoiltSignature }),
  stop('ensure-jarm-signature-is-not-none', 'token_algorithm_refused', { responseSign: noSignature }),
]

const profile = 'fapi2-security-profile-final-client-test-'
// With JARM the issuer is a claim of the signed response.
const plainOnly = ['invalid-authorization-response-iss', 'remove-authorization-response-iss']

const shared: readonly SigningModule[] = allModules
  .filter(({ id }) => id.startsWith(profile))
  .map(({ id, faults, errorCode, stopsAfter }) => ({
    ...{ id: id.slice(profile.length), faults },
    ...(errorCode === undefined ? {} : { errorCode }),
    ...(stopsAfter === undefined ? {} : { stopsAfter }),
    ...(plainOnly.some((name) => id.endsWith(name)) ? { only: { response: 'plain_response' } as const } : {}),
  }))

const modules: readonly SigningModule[] = [
  ...shared,
  {
    id: 'discovery-issuer-mismatch',
    faults: { discovery: append('issuer', 'INVALID') },
    errorCode: 'provider_issuer_mismatch',
    stopsAfter: 'discovery',
  },
  { id: 'happy-path-no-dpop-nonce', faults: {}, only: { senderConstraint: 'dpop' }, provider: { asksForNonce: false } },
  {
    id: 'rs-dpop-auth-scheme-case-insensitivity',
    faults: {},
    only: { senderConstraint: 'dpop' },
    provider: { scheme: 'dPOP' },
  },
  ...ensureJarm,
]

const variants = (['plain_response', 'jarm'] as const).flatMap((response) =>
  (['private_key_jwt', 'mtls'] as const).flatMap((authentication) =>
    (['dpop', 'mtls'] as const).map((senderConstraint) => ({ response, authentication, senderConstraint })),
  ),
)

let run: Run | undefined
afterEach(() => run?.close())

describe.each(variants)(`${plan}, $response, $authentication, $senderConstraint`, (variant) => {
  const fitting = modules.filter(({ only = {} }) =>
    Object.entries(only).every(([name, value]) => variant[name as keyof typeof variant] === value),
  )
  test.each(fitting.map((module) => [module.id, module] as const))('%s', async (_id, module) => {
    const { faults, errorCode, provider } = module
    run = await startRun({ plan, algorithm: 'ES256', faults, signing: { ...variant, ...provider } }, host)
    const browser = newBrowser()
    const landed = await walk(browser, `${run.baseUrl}/login`)
    const isSignedIn = landed.status === 200 && landed.url === `${run.baseUrl}/`
    const page = isSignedIn ? await browser.navigate(`${run.baseUrl}/userinfo`) : landed
    await run.settled()
    expect([page.status === 200, run.errors()]).toEqual([
      errorCode === undefined,
      errorCode === undefined ? [] : [errorCode],
    ])
    const { par, authorize, token, userinfo } = run.provider.calls()
    const asked = { par: par > 0, authorize: authorize > 0, token: token > 0, userinfo: userinfo > 0 }
    expect(asked).toEqual(callsOf(module))
    expect(run.provider.flaws).toEqual([])
    expect(run.provider.requests.some(({ headers }) => headers.has(certificateHeader))).toBe(
      variant.authentication === 'mtls' || variant.senderConstraint === 'mtls',
    )
    expect(run.journal.rejections).toEqual([])
  })
})

/** What may be asked for up to the answer that is at fault, and is then. */
function callsOf({ stopsAfter }: SigningModule) {
  const order = ['discovery', 'authorization', 'token', 'userinfo']
  const last = stopsAfter === undefined ? order.length : order.indexOf(stopsAfter)
  return { par: last >= 1, authorize: last >= 1, token: last >= 2, userinfo: last >= 3 }
}
