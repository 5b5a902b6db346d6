import { fail, type Finding, ok, unknown, warn } from '../finding.js'
import type { Surroundings } from '../../../options/surroundings.js'
import type { Server } from '../server.js'
import { probeTls, type ShownCertificate } from './tls-probe.js'

const check = 'tls'
const daySeconds = 86_400

/** Looks at the certificate of the server that answers at a URL. */
export async function checkTls(server: Server, url: string): Promise<readonly Finding[]> {
  const { settings, requests, surroundings } = server
  const address = new URL(requests.addressOf(url))
  const insecure = surroundings.trustsAnyCertificate ? [anyCertificate] : []
  if (settings.fetch !== undefined) {
    return [...insecure, unknown(check, 'the option "fetch" makes the connections', 'test that function by itself')]
  }
  // If that fails, the reason is reported with the certificate of the client.
  const tls = await Promise.resolve(settings.tls?.current()).catch(() => undefined)
  const view = await probeTls(address, { tls, seconds: settings.httpTimeoutSeconds })
  if (address.protocol === 'http:') return [...insecure, withoutTls(address, view)]
  if (view.kind === 'no-tls') return [...insecure, noTls(address)]
  if (view.kind === 'no-connection') return [...insecure, noConnection(address, view.code)]
  return [...insecure, ...flawsOf(view.shown, address, server)]
}

const anyCertificate = fail(
  check,
  'NODE_TLS_REJECT_UNAUTHORIZED=0 makes this process trust any certificate, so anyone on the network can pretend to be the provider',
  'unset it, and trust the authority instead: NODE_EXTRA_CA_CERTS=/path/ca.pem',
)

// What is without TLS may close the connection, or wait for the rest of what it takes for a request.
const unreached: readonly string[] = ['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'EHOSTUNREACH', 'ENETUNREACH']

function withoutTls(address: URL, view: Awaited<ReturnType<typeof probeTls>>): Finding {
  if (view.kind === 'certificate') return hasTls(address)
  const isUnreached = view.kind === 'no-connection' && unreached.includes(view.code)
  return isUnreached ? noConnection(address, view.code) : plainHttp(address)
}

function plainHttp({ host }: URL): Finding {
  return ok(check, `${host} is reached over plain http, as the options allow`)
}

function hasTls({ host }: URL): Finding {
  return fail(check, `${host} speaks TLS, and the URL is http`, 'give https:// in the issuer (or "internalOrigin")')
}

function noTls({ host }: URL): Finding {
  const fix = `give http:// where that is allowed (this machine, or "internalOrigin"), or the port at which the provider speaks https`
  return fail(check, `${host} does not speak TLS: the URL is https, and something else answers at that port`, fix)
}

const reasons: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'nothing listens there',
  ENOTFOUND: 'DNS does not know the name',
  EAI_AGAIN: 'DNS does not answer',
  ETIMEDOUT: 'there was no answer in time',
  TIMEOUT: 'there was no answer in time',
  EHOSTUNREACH: 'there is no route to the host',
  ENETUNREACH: 'there is no route to the network',
  ECONNRESET: 'the connection was closed before TLS was agreed upon',
}

function noConnection({ host }: URL, code: string): Finding {
  const fix = 'check host and port of the issuer, DNS, and whether a firewall lets this machine through'
  return fail(check, `no connection to ${host}: ${reasons[code] ?? code}${code in reasons ? ` (${code})` : ''}`, fix)
}

function flawsOf(
  shown: ShownCertificate,
  { host, hostname }: URL,
  { settings, surroundings }: Server,
): readonly Finding[] {
  const now = settings.runtime.now()
  const flaws = [dateFlaw(shown, host, now), nameFlaw(shown, hostname), trustFlaw(shown, host, surroundings)]
  const found = flaws.filter((flaw) => flaw !== undefined)
  if (found.length > 0) return found
  const message = `the certificate of ${host} is for that name, trusted, and valid until ${day(shown.until)}`
  const days = Math.floor((shown.until.getTime() - now) / 1000 / daySeconds)
  return days < 14
    ? [warn(check, `${message}: ${days} more days`, 'have it renewed at the provider')]
    : [ok(check, message)]
}

function dateFlaw({ from, until }: ShownCertificate, host: string, now: number): Finding | undefined {
  const fix = 'renew the certificate at the provider; if it is valid, set the clock of this machine'
  if (now > until.getTime()) return fail(check, `the certificate of ${host} expired on ${day(until)}`, fix)
  if (now < from.getTime()) return fail(check, `the certificate of ${host} is not valid before ${day(from)}`, fix)
  return undefined
}

function nameFlaw({ isForHost, names }: ShownCertificate, hostname: string): Finding | undefined {
  if (isForHost) return undefined
  const fix =
    'use a name that the certificate has in the issuer (or "internalOrigin"), or have one issued for this name'
  return fail(check, `the certificate is not for ${hostname}, but for ${names}`, fix)
}

function trustFlaw(
  { distrust, issuer }: ShownCertificate,
  host: string,
  { extraCertificates }: Surroundings,
): Finding | undefined {
  if (distrust === undefined) return undefined
  const isOwn = distrust === 'DEPTH_ZERO_SELF_SIGNED_CERT'
  const who = isOwn ? 'is self-signed' : `is from "${issuer}", which this process does not trust`
  const own =
    extraCertificates === undefined
      ? 'start Node with NODE_EXTRA_CA_CERTS=/path/ca.pem'
      : 'put it into the file of NODE_EXTRA_CA_CERTS, which is set'
  const fix = `if that is your own authority: ${own} (or give "tls.ca" together with a client certificate); if it is a public one, have the server send the intermediate certificates too`
  return fail(check, `the certificate of ${host} ${who} (${distrust})`, fix)
}

function day(date: Date): string {
  return Number.isNaN(date.getTime()) ? 'an unknown day' : date.toISOString().slice(0, 10)
}
