import { type KeyObject, createHash, generateKeyPairSync, sign } from 'node:crypto'

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
}

/** Makes a certificate for a P-256 key, by default one that is its own authority. */
export function selfSigned(name: string, options: CertificateOptions = {}): Certificate {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const algorithm = sequence(Buffer.from('06082a8648ce3d040302', 'hex')) // ecdsa-with-SHA256
  const year = (value: number) => der(0x17, Buffer.from(`${String(value).slice(2)}0101000000Z`))
  const now = new Date().getUTCFullYear()
  const { years = [now - 1, now + 2] } = options
  const authority: NonNullable<CertificateOptions['authority']> = options.authority ?? { name, key: privateKey }
  const distinguished = (text: string, attribute: keyof typeof attributes = 'CN') =>
    sequence(der(0x31, sequence(Buffer.from(attributes[attribute], 'hex'), der(0x0c, Buffer.from(text)))))
  const signed = sequence(
    der(0xa0, Buffer.from('020102', 'hex')), // version 3
    Buffer.from('020101', 'hex'), // serial number 1
    algorithm,
    distinguished(authority.name, authority.attribute),
    sequence(year(years[0]), year(years[1])),
    distinguished(name),
    publicKey.export({ type: 'spki', format: 'der' }),
    ...(options.isAuthority === true ? [der(0xa3, sequence(basicConstraints))] : []),
  )
  const signature = sign('sha256', signed, authority.key)
  const bytes = sequence(signed, algorithm, der(0x03, Buffer.concat([Buffer.from([0]), signature])))
  const lines = bytes.toString('base64').match(/.{1,64}/g) ?? []
  return {
    der: bytes,
    pem: ['-----BEGIN CERTIFICATE-----', ...lines, '-----END CERTIFICATE-----', ''].join('\n'),
    key: privateKey,
    keyPem: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    thumbprint: createHash('sha256').update(bytes).digest('base64url'),
  }
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
