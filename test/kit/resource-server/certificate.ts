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

/** Makes a certificate for a P-256 key. */
export function selfSigned(name: string): Certificate {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const algorithm = sequence(Buffer.from('06082a8648ce3d040302', 'hex')) // ecdsa-with-SHA256
  const year = (value: number) => der(0x17, Buffer.from(`${String(value).slice(2)}0101000000Z`))
  const now = new Date().getUTCFullYear()
  const distinguished = sequence(der(0x31, sequence(Buffer.from('0603550403', 'hex'), der(0x0c, Buffer.from(name)))))
  const signed = sequence(
    der(0xa0, Buffer.from('020102', 'hex')), // version 3
    Buffer.from('020101', 'hex'), // serial number 1
    algorithm,
    distinguished,
    sequence(year(now - 1), year(now + 2)),
    distinguished,
    publicKey.export({ type: 'spki', format: 'der' }),
  )
  const signature = sign('sha256', signed, privateKey)
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

function sequence(...parts: readonly Buffer[]): Buffer {
  return der(0x30, Buffer.concat(parts))
}

function der(tag: number, content: Buffer): Buffer {
  const { length } = content
  const size = length < 128 ? [length] : length < 256 ? [0x81, length] : [0x82, length >> 8, length & 255]
  return Buffer.concat([Buffer.from([tag, ...size]), content])
}
