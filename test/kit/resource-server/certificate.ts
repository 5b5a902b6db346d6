import { type KeyObject, createHash, sign } from 'node:crypto'
import { keyPair } from '../key-pair.js'

/** A self-signed certificate, made in place, since a file of them would run out one day. */
export interface Certificate {
  readonly der: Buffer
  readonly pem: string
  readonly key: KeyObject
  /** The key as PKCS#8 PEM. */
  readonly keyPem: string
  /** `x5t#S256` (RFC 8705 section 3.1). */
  readonly thumbprint: string
}

/** How a certificate differs from one that is in order. */
export interface CertificateOptions {
  /** First and last year, both from their first day. Default: last year, and the one after the next. */
  readonly years?: readonly [number, number]
  /** Who signs it. Default: itself. */
  readonly authority?: { readonly name: string; readonly key: KeyObject; readonly attribute?: keyof typeof attributes }
  /** Whether it may sign others. */
  readonly isAuthority?: boolean
  /** What a revocation list calls it, 1 to 127. Default: 1. */
  readonly serial?: number
}

/** Makes a certificate for a P-256 key, by default one that is its own authority. */
export function selfSigned(name: string, options: CertificateOptions = {}): Certificate {
  const { privateKey, publicKey } = keyPair('ec', { namedCurve: 'P-256' })
  const now = new Date().getUTCFullYear()
  const { years = [now - 1, now + 2] } = options
  const authority: NonNullable<CertificateOptions['authority']> = options.authority ?? { name, key: privateKey }
  const signed = sequence(
    der(0xa0, Buffer.from('020102', 'hex')), // version 3
    der(0x02, Buffer.from([options.serial ?? 1])),
    algorithm,
    distinguished(authority.name, authority.attribute),
    sequence(year(years[0]), year(years[1])),
    distinguished(name),
    publicKey.export({ type: 'spki', format: 'der' }),
    ...(options.isAuthority === true ? [der(0xa3, sequence(basicConstraints))] : []),
  )
  const bytes = signedBy(authority.key, signed)
  return {
    der: bytes,
    pem: pemOf('CERTIFICATE', bytes),
    key: privateKey,
    keyPem: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    thumbprint: createHash('sha256').update(bytes).digest('base64url'),
  }
}

/** A revocation list of an authority as PEM, that names certificates by their serial numbers. Default years: as of certificates. */
export function revocationList(
  authority: { readonly name: string; readonly key: KeyObject },
  serials: readonly number[],
  years?: readonly [number, number],
): string {
  const now = new Date().getUTCFullYear()
  const [from, until] = years ?? [now - 1, now + 2]
  const revoked = serials.map((serial) => sequence(der(0x02, Buffer.from([serial])), year(from)))
  const signed = sequence(
    Buffer.from('020101', 'hex'), // version 2
    algorithm,
    distinguished(authority.name),
    year(from),
    year(until),
    ...(revoked.length === 0 ? [] : [sequence(...revoked)]),
  )
  return pemOf('X509 CRL', signedBy(authority.key, signed))
}

const algorithm = sequence(Buffer.from('06082a8648ce3d040302', 'hex')) // ecdsa-with-SHA256

function signedBy(key: KeyObject, signed: Buffer): Buffer {
  return sequence(signed, algorithm, der(0x03, Buffer.concat([Buffer.from([0]), sign('sha256', signed, key)])))
}

function pemOf(what: string, bytes: Buffer): string {
  const lines = bytes.toString('base64').match(/.{1,64}/g) ?? []
  return [`-----BEGIN ${what}-----`, ...lines, `-----END ${what}-----`, ''].join('\n')
}

function year(value: number): Buffer {
  return der(0x17, Buffer.from(`${String(value).slice(2)}0101000000Z`))
}

function distinguished(text: string, attribute: keyof typeof attributes = 'CN'): Buffer {
  return sequence(der(0x31, sequence(Buffer.from(attributes[attribute], 'hex'), der(0x0c, Buffer.from(text)))))
}

// What a name consists of: common name, organization, and a unit of that (X.520).
const attributes = { CN: '0603550403', O: '060355040a', OU: '060355040b' }

// CA:TRUE, critical (RFC 5280 section 4.2.1.9).
const basicConstraints = Buffer.from('300f0603551d130101ff040530030101ff', 'hex')

function sequence(...parts: readonly Buffer[]): Buffer {
  return der(0x30, Buffer.concat(parts))
}

function der(tag: number, content: Buffer): Buffer {
  const { length } = content
  const size = length < 128 ? [length] : length < 256 ? [0x81, length] : [0x82, length >> 8, length & 255]
  return Buffer.concat([Buffer.from([tag, ...size]), content])
}
