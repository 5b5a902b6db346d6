import type { JsonObject } from '../../../base/json.js'
import { isUrl } from '../../../base/url.js'
import { endpointNames } from '../../../options/common/provider-description.js'
import { type Finding, unknown } from '../finding.js'
import type { Server } from '../server.js'
import { checkClientCertificate } from './client-certificate.js'
import { checkClock } from './clock.js'
import { discover } from './discovery.js'
import { checkTls } from './tls.js'

/** What is known of a server after its metadata were fetched. */
export interface Reached {
  readonly findings: readonly Finding[]
  readonly metadata?: Readonly<JsonObject>
  /** Whether the server is the one that the options name. Only then may credentials go there. */
  readonly isUsable: boolean
}

/** Looks at the way to a server: TLS, metadata, issuer and clock. */
export async function reach(server: Server): Promise<Reached> {
  const { settings } = server
  const own = await checkClientCertificate(server)
  const first = await checkTls(server, firstUrl(server))
  const { findings, metadata, isAsConfigured, reply } = await discover(server)
  const mayProbe = metadata !== undefined && settings.allowPrivateAddresses !== false
  const further = !mayProbe ? [] : await checkOtherHosts(server, metadata)
  const clock = reply === undefined ? [] : [checkClock(reply, settings)]
  return {
    findings: [
      ...own,
      ...first,
      ...further,
      ...findings,
      ...clock,
      ...(isAsConfigured ? [] : [stoppedFinding(metadata !== undefined)]),
    ],
    ...(metadata === undefined ? {} : { metadata }),
    isUsable: isAsConfigured,
  }
}

function stoppedFinding(hasMetadata: boolean): Finding {
  const message = hasMetadata
    ? 'keys, credentials and URIs were not checked: nothing is sent to a provider that calls itself otherwise'
    : 'keys, credentials and URIs were not checked: the metadata would say where they are'
  return unknown('provider', message, 'correct what is wrong above, and run this again')
}

// Without discovery, an issuer is only a name, and the options have all endpoints.
function firstUrl({ settings: { issuer, discoveryUrl, metadata = {} } }: Server): string {
  if (discoveryUrl === false) return endpointsOf(metadata)[0] ?? issuer
  return discoveryUrl ?? issuer
}

const forBrowsers = ['authorization_endpoint', 'end_session_endpoint']

function endpointsOf(metadata: Readonly<JsonObject>): readonly string[] {
  const names = endpointNames.filter((name) => !forBrowsers.includes(name))
  return names.flatMap((name) => metadata[name] ?? []).filter(isUrl)
}

// Endpoints may be on other hosts, with other certificates.
async function checkOtherHosts(server: Server, metadata: Readonly<JsonObject>): Promise<readonly Finding[]> {
  const origins = new Set(endpointsOf(metadata).map((url) => new URL(url).origin))
  origins.delete(new URL(firstUrl(server)).origin)
  const found = await Promise.all([...origins].map((origin) => checkTls(server, origin)))
  // Findings about the options for connections have been reported.
  return found.flat().filter(({ status }) => status !== 'unknown')
}
