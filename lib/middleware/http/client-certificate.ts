import { X509Certificate } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import { BlockList, isIP } from 'node:net'
import type { BearerConfiguration } from '../../options/bearer/schema.js'
import { headerValues } from './request.js'

/** Finds the thumbprint of a request's client certificate (`x5t#S256`, RFC 8705 section 3.1), if there is one. */
type CertificateSource = (req: IncomingMessage) => string | undefined

type MtlsConfiguration = BearerConfiguration['mtls']
type HeaderFormat = Extract<MtlsConfiguration, { source: 'header' }>['format']

/** Creates the configured source. A header counts from trusted proxies only, and in the configured format only. */
export function certificateSource(mtls: MtlsConfiguration): CertificateSource {
  if (mtls.source === 'off') return () => undefined
  if (mtls.source === 'socket') return socketThumbprint
  const isTrusted = trustedAddresses(mtls.trustedProxies)
  const { header, format } = mtls
  return (req) => (isTrusted(req.socket.remoteAddress) ? headerThumbprint(req, header, format) : undefined)
}

// The handshake proves that the client holds the key. Who signed the certificate does not matter here. Most applications
// never need node:tls, which takes milliseconds to load.
function socketThumbprint({ socket }: IncomingMessage): string | undefined {
  const { TLSSocket } = process.getBuiltinModule('node:tls')
  if (!(socket instanceof TLSSocket)) return undefined
  return thumbprint(socket.getPeerX509Certificate())
}

function headerThumbprint(req: IncomingMessage, name: string, format: HeaderFormat): string | undefined {
  const [value, ...more] = headerValues(req, name)
  return value === undefined || more.length > 0 ? undefined : readers[format](value)
}

// OpenSSL reads the first of several certificates, and ignores text around it.
const onePem = /^-----BEGIN CERTIFICATE-----[A-Za-z0-9+/=\s]+-----END CERTIFICATE-----\s*$/

const readers: Readonly<Record<HeaderFormat, (value: string) => string | undefined>> = {
  'pem-urlencoded': (value) => {
    const pem = decodedUri(value)
    return onePem.test(pem) ? thumbprintOf(pem) : undefined
  },
  // RFC 9440 section 2.1: a byte sequence of structured fields.
  rfc9440: (value) => {
    const base64 = /^:([A-Za-z0-9+/]+={0,2}):$/.exec(value)?.[1]
    return base64 === undefined ? undefined : thumbprintOf(Buffer.from(base64, 'base64'))
  },
  xfcc: (value) => envoyThumbprint(value),
}

const pair = '[A-Za-z]+=(?:"(?:[^"\\\\]|\\\\.)*"|[^;,"]*)'
const element = new RegExp(`^${pair}(?:;${pair})*$`)

// Several elements come from more than one proxy. Which one to trust is unknown, so none counts.
function envoyThumbprint(value: string): string | undefined {
  if (!element.test(value)) return undefined
  const unquoted = value.replaceAll(/"(?:[^"\\]|\\.)*"/g, '')
  const [hash, ...more] = [...unquoted.matchAll(/(?:^|;)Hash=([0-9a-f]{64})(?=;|$)/gi)]
  return hash?.[1] === undefined || more.length > 0 ? undefined : Buffer.from(hash[1], 'hex').toString('base64url')
}

function decodedUri(value: string): string {
  try {
    return decodeURIComponent(value)
  } catch {
    return ''
  }
}

function thumbprintOf(certificate: string | Buffer): string | undefined {
  try {
    return thumbprint(new X509Certificate(certificate))
  } catch {
    return undefined
  }
}

function thumbprint(certificate: X509Certificate | undefined): string | undefined {
  if (certificate === undefined) return undefined
  return Buffer.from(certificate.fingerprint256.replaceAll(':', ''), 'hex').toString('base64url')
}

function trustedAddresses(blocks: readonly string[]): (address: string | undefined) => boolean {
  const list = new BlockList()
  for (const block of blocks) {
    const [address = '', bits] = block.split('/')
    const family = isIP(address) === 6 ? 'ipv6' : 'ipv4'
    if (bits === undefined) list.addAddress(address, family)
    else list.addSubnet(address, Number(bits), family)
  }
  // A dual-stack server sees IPv4 addresses as IPv4-mapped IPv6 addresses, which the list matches.
  return (address = '') => isIP(address) !== 0 && list.check(address, isIP(address) === 6 ? 'ipv6' : 'ipv4')
}
