import { quoted } from '../../../base/error-cause.js'
import { type JsonObject, parseJsonObject } from '../../../base/json.js'
import { tenantPlace } from '../../../options/common/tenants.js'
import { metadataUrls } from '../../../provider/metadata.js'
import { fail, type Finding, ok } from '../finding.js'
import { isReply, type NoReply, type Reply, type Requests } from './requests.js'
import type { Server } from '../server.js'
import { issuerFlaw } from './issuer.js'

/** What the provider says about itself. */
export interface Discovered {
  readonly findings: readonly Finding[]
  /** Absent if none were found. */
  readonly metadata?: Readonly<JsonObject>
  /** Whether the provider calls itself what the options call it. */
  readonly isAsConfigured: boolean
  readonly reply?: Reply
}

const check = 'discovery'
const headers = { accept: 'application/json', 'cache-control': 'no-cache' }

/** Fetches the metadata, and says what came instead. */
export async function discover({ settings, requests }: Server): Promise<Discovered> {
  const { issuer, discoveryUrl, metadata: given = {} } = settings
  if (discoveryUrl === false) {
    const message = 'switched off by "discoveryUrl": the option "metadata" has everything'
    return { findings: [ok(check, message)], metadata: { issuer, ...given }, isAsConfigured: true }
  }
  const urls = discoveryUrl === undefined ? metadataUrls(issuer.replace(tenantPlace, 'common')) : [discoveryUrl]
  const tried = await firstFound(requests, urls)
  const document = isReply(tried.outcome) ? documentIn(tried.outcome) : undefined
  if (document === undefined || !isReply(tried.outcome)) {
    const elsewhere = isReply(tried.outcome) ? await findAbove(requests, issuer) : undefined
    return { findings: [nothingFound(tried, urls, elsewhere)], isAsConfigured: false }
  }
  const flaw = issuerFlaw(issuer, document['issuer'])
  const found = ok(check, `the metadata is at ${tried.url}`)
  const findings = [found, flaw ?? ok('issuer', `the provider calls itself ${quoted(issuer)}, as the options do`)]
  const metadata = { ...document, ...given }
  return { findings, metadata, isAsConfigured: flaw === undefined, reply: tried.outcome }
}

interface Tried {
  readonly url: string
  readonly outcome: Reply | NoReply
}

async function firstFound(requests: Requests, urls: readonly string[]): Promise<Tried> {
  let last: Tried | undefined
  for (const url of urls) {
    const outcome = await requests.send(url, { headers })
    // The first one says most.
    if (!isReply(outcome) || outcome.status !== 404) return { url, outcome }
    last ??= { url, outcome }
  }
  return last ?? { url: '', outcome: { code: 'NO_URL', message: 'it is not a URL' } }
}

function documentIn({ status, text }: Reply): Readonly<JsonObject> | undefined {
  return status === 200 ? parseJsonObject(text) : undefined
}

// The issuer may have been given with a path too much, such as that of an endpoint.
async function findAbove(requests: Requests, issuer: string): Promise<string | undefined> {
  const { origin, pathname } = new URL(issuer)
  const segments = pathname.split('/').filter((segment) => segment !== '')
  for (let left = segments.length - 1; left >= 0 && left > segments.length - 5; left -= 1) {
    const above = [origin, ...segments.slice(0, left)].join('/')
    const outcome = await requests.send(`${above}/.well-known/openid-configuration`, { headers })
    const name = isReply(outcome) ? documentIn(outcome)?.['issuer'] : undefined
    if (typeof name === 'string') return name
  }
  return undefined
}

function nothingFound({ url, outcome }: Tried, urls: readonly string[], elsewhere: string | undefined): Finding {
  const another = 'check the issuer, or name the URL of the metadata in "discoveryUrl"'
  const fix = elsewhere === undefined ? another : `the provider calls itself ${quoted(elsewhere)}: give that as issuer`
  if (!isReply(outcome)) {
    const reachable = 'have this machine reach it: host and port, DNS, firewall, and the findings on TLS above'
    return fail(check, `no answer from ${url}: ${outcome.message}`, reachable)
  }
  const { status, location } = outcome
  if (status === 404) return fail(check, `there is no metadata at ${urls.join(' or ')} (status 404)`, fix)
  if (status >= 300 && status < 400) return redirected(url, location, fix)
  if (status !== 200) {
    return fail(check, `${url} answers with status ${status}`, status >= 500 ? 'look at the provider: it fails' : fix)
  }
  const type = outcome.header('content-type') ?? ''
  const what = /html/i.test(type) || /^\s*</.test(outcome.text) ? 'a web page' : 'something that is not a JSON object'
  return fail(check, `${url} answers with ${what}, not with metadata`, fix)
}

function redirected(url: string, location: URL | undefined, fix: string): Finding {
  const target = location === undefined ? '' : ` to ${location.origin}${location.pathname}`
  const place = /^(.*)\/\.well-known\/openid-configuration$/.exec(`${location?.origin}${location?.pathname}`)?.[1]
  const named = place === undefined ? fix : `give the issuer that it leads to, probably ${quoted(place)}`
  return fail(check, `${url} redirects${target}, and redirects are not followed`, named)
}
