import { describe, expect, test } from '@jest/globals'
import { parseOidcOptions } from '../../../lib/options/oidc/schema.js'
import { createKeys } from '../../../lib/provider/keys.js'
import { createMetadata, loginNeeds } from '../../../lib/provider/metadata.js'
import { createIdTokenValidator } from '../../../lib/provider/tokens/id-token.js'
import { createLogoutTokenValidator } from '../../../lib/provider/tokens/logout-token.js'
import { createHttpClient } from '../../../lib/provider/transport/http-client.js'
import type { ProviderSettings } from '../../../lib/provider/types.js'
import { failureOf } from '../../kit/failure.js'
import { json } from '../../kit/provider/answers.js'
import { mint, rsaKey } from '../../kit/provider/keys.js'
import { FakeProvider } from '../../kit/provider/provider.js'
import { pastDeadline } from '../../kit/timers.js'

const template = 'https://login.example/{tenantid}/v2.0'
const issuerOf = (tenant: string) => `https://login.example/${tenant}/v2.0`
const [ours, theirs] = ['11111111-1111-1111-1111-111111111111', '22222222-2222-2222-2222-222222222222']
const jwksUri = 'https://login.example/keys'
const logoutEvents = { 'http://schemas.openid.net/event/backchannel-logout': {} }

interface Signed {
  readonly claims?: Record<string, unknown>
  /** The member `issuer` of the key. */
  readonly keyIssuer?: string
  readonly tenants?: ProviderSettings['tenants']
}

function providerWith({ keyIssuer, tenants = [ours] }: Signed) {
  const op = new FakeProvider({ issuer: 'https://login.example' })
  op.answers['/keys'] = () =>
    json({ keys: [{ ...rsaKey.jwk, ...(keyIssuer === undefined ? {} : { issuer: keyIssuer }) }] })
  const settings = { ...op.settings, issuer: template, tenants }
  const keys = createKeys(async () => jwksUri, createHttpClient(settings), settings)
  return { op, settings: { ...settings, ...op.client }, keys }
}

async function validate({ claims = {}, ...signed }: Signed = {}) {
  const { op, settings, keys } = providerWith(signed)
  const validator = createIdTokenValidator(settings, keys)
  const idToken = await mint(op.claims({ iss: issuerOf(ours), tid: ours, ...claims }))
  return validator.validate(idToken, { nonce: 'nonce-1' })
}

async function validateLogout(keyIssuer: string) {
  const { op, settings, keys } = providerWith({ keyIssuer })
  const { nonce: _, ...claims } = op.claims({ iss: issuerOf(ours), tid: ours, jti: 'jti-1', events: logoutEvents })
  return createLogoutTokenValidator(settings, keys).validate(await mint(claims))
}

const codeOf = async (signed: Signed) => (await failureOf(validate(signed))).code

describe('logout tokens of several tenants', () => {
  test('are accepted if the key is that of the tenant', async () => {
    expect(await validateLogout(issuerOf(ours))).toMatchObject({ issuer: issuerOf(ours) })
  })

  test('are refused if the key is that of another tenant', async () => {
    expect(await failureOf(validateLogout(issuerOf(theirs)))).toMatchObject({ code: 'token_signature_invalid' })
  })
})

describe('ID Tokens of several tenants', () => {
  test.each([undefined, template, issuerOf(ours)])(
    'are accepted of a tenant in the list (issuer of the key: %p)',
    async (keyIssuer) => {
      const claims = await validate(keyIssuer === undefined ? {} : { keyIssuer })
      expect(claims.iss).toBe(issuerOf(ours))
    },
  )

  test('are refused of other tenants, as a login that is denied', async () => {
    const error = await failureOf(validate({ claims: { iss: issuerOf(theirs), tid: theirs } }))
    const details = { subject: 'iss', seen: JSON.stringify(issuerOf(theirs)), option: 'tenants' }
    expect(error).toMatchObject({ code: 'access_denied', status: 403, details })
  })

  test('are accepted if a function accepts the tenant', async () => {
    const asked: string[] = []
    const tenants = async (tenant: string) => asked.push(tenant) === 1
    await validate({ tenants })
    expect(asked).toEqual([ours])
  })

  test.each<[string, ProviderSettings['tenants'], string]>([
    ['says false', () => false, 'access_denied'],
    ['returns no boolean', () => 1, 'access_denied'],
    [
      'fails',
      () => {
        throw new Error('database')
      },
      'provider_unavailable',
    ],
  ])('are refused if the function %s', async (_what, tenants, code) => {
    expect(await codeOf({ tenants })).toBe(code)
  })

  test('are an outage if the function does not answer in time', async () => {
    const { httpTimeoutSeconds } = new FakeProvider().settings
    let isAsked = false
    const tenants = () => {
      isAsked = true
      return new Promise(() => undefined)
    }
    const code = await pastDeadline(
      httpTimeoutSeconds,
      () => codeOf({ tenants }),
      () => isAsked,
    )
    expect(code).toBe('provider_timeout')
  })

  test('are refused if iss and tid disagree', async () => {
    expect(await codeOf({ claims: { tid: theirs } })).toBe('token_issuer_mismatch')
  })

  test('are refused without tid', async () => {
    expect(await codeOf({ claims: { tid: undefined } })).toBe('token_claim_missing')
  })

  test('are refused if the key belongs to another tenant', async () => {
    expect(await codeOf({ keyIssuer: issuerOf(theirs) })).toBe('token_signature_invalid')
  })

  test.each([template, 'https://login.example/v2.0', `${issuerOf(ours)}/x`, issuerOf('a/b'), issuerOf('')])(
    'are refused with iss %p, which does not fit the template',
    async (iss) => {
      expect(await codeOf({ claims: { iss } })).toBe('token_issuer_mismatch')
    },
  )
})

describe('the metadata of several tenants', () => {
  test.each<[string | undefined, string]>([
    [undefined, 'https://login.example/common/v2.0/.well-known/openid-configuration'],
    ['https://login.example/organizations/metadata', 'https://login.example/organizations/metadata'],
  ])('with discoveryUrl %p are fetched from %p, and name the template as issuer', async (discoveryUrl, url) => {
    const op = new FakeProvider({ issuer: 'https://login.example' })
    op.answers[new URL(url).pathname] = () => json({ ...op.metadata, issuer: template })
    const settings = { ...op.settings, issuer: template, discoveryUrl }
    const known = await createMetadata(settings, createHttpClient(settings), loginNeeds).get()
    expect([known.issuer, op.requests]).toEqual([template, [url]])
  })
})

describe('the options', () => {
  const secret = 'a secret for tests only, 32 characters at least'
  const web = { clientId: 'web', baseUrl: 'https://app.example.com', secret }
  const parse = (options: Record<string, unknown>) => parseOidcOptions({ ...web, ...options })

  test.each([{ tenants: [ours] }, { tenants: () => true }])('accept a template with %j', (given) => {
    expect(parse({ issuer: template, ...given }).issuer).toBe(template)
  })

  test.each<[Record<string, unknown>, string]>([
    [{ issuer: template }, 'must have "tenants" if, and only if'],
    [{ issuer: issuerOf(ours), tenants: [ours] }, 'must have "tenants" if, and only if'],
    [{ issuer: 'https://login.microsoftonline.com/organizations/v2.0', tenants: [ours] }, 'must not have "common"'],
    [{ issuer: template, tenants: [] }, 'must name at least one tenant'],
    [{ issuer: template, tenants: 'all' }, '"tenants" must be a list of tenants'],
  ])('refuse %j', async (given, message) => {
    expect((await failureOf(() => parse(given))).message).toContain(message)
  })
})
