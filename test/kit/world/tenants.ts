import { parseOidcOptions } from '../../../lib/options/oidc/schema.js'
import { createProvider } from '../../../lib/provider/provider.js'
import { usedIdsInProcess } from '../../../lib/session/shared/used-ids.js'
import { ProcessRevocations, unlessEnded } from '../../../lib/session/revocation/revocations.js'
import type { SessionRecord } from '../../../lib/session/record.js'
import { idToken, limits, record } from '../../session/example.js'
import { json } from '../provider/answers.js'
import { FakeProvider } from '../provider/provider.js'

const issuer = 'https://login.example/{tenantid}/v2.0'

/** The issuer of a tenant. */
export const issuerOf = (tenant: string): string => issuer.replace('{tenantid}', tenant)

/** A session of alice at a tenant, the same `sub` and `sid` at each. */
export function sessionAt(tenant: string): SessionRecord {
  return record({ id: `at ${tenant}`, idToken: idToken({ iss: issuerOf(tenant), tid: tenant, sid: 'a-sid' }) })
}

/** A relying party of the tenants "ours" and "theirs", as far as logouts by the provider need one. */
export function tenantsWorld() {
  const op = new FakeProvider({ issuer: 'https://login.example' })
  const discoveryUrl = 'https://login.example/metadata'
  op.answers['/metadata'] = () => json({ ...op.metadata, issuer })
  const tenants = ['ours', 'theirs']
  const { clientId } = op.client
  const secret = 'a secret for tests only, 32 characters at least'
  const baseUrl = 'https://app.example.com'
  const configuration = parseOidcOptions({ issuer, tenants, discoveryUrl, clientId, baseUrl, secret })
  const revocations = new ProcessRevocations(op.clock, limits.absoluteSeconds)
  const rp = {
    configuration,
    provider: createProvider({ ...op.settings, issuer, tenants, discoveryUrl }, op.client),
    revocations,
    runtime: op.clock,
    usedLogoutTokens: usedIdsInProcess(op.clock)([]),
  }
  const isAlive = async (tenant: string): Promise<boolean> =>
    (await unlessEnded(revocations, op.clock, sessionAt(tenant))) !== undefined
  return { op, rp, isAlive }
}
