import { X509Certificate, createPrivateKey } from 'node:crypto'
import * as v from 'valibot'
import { pemLines } from './private-key.js'
import { text } from './fields.js'
import { section } from './parse.js'

/**
 * The certificate that connections to the provider present.
 *
 * @see https://www.rfc-editor.org/rfc/rfc8705#section-2
 */
export interface TlsOptions {
  /** The client's certificate as PEM, followed by those of intermediate authorities. */
  cert: string | Uint8Array
  /** The certificate's private key as PEM. */
  key: string | Uint8Array
  /** Certificates as PEM: the authorities that the provider's own certificate may come from. @default those that Node trusts */
  ca?: string | Uint8Array | readonly (string | Uint8Array)[] | undefined
  /** Passphrase of `key`. @default none: the key is not encrypted */
  passphrase?: string | undefined
}

/** The certificates of connections to an API. */
export interface ApiTlsOptions {
  /** The client's certificate as PEM, for APIs with mutual TLS. @default none */
  cert?: string | Uint8Array | undefined
  /** The private key of `cert` as PEM. */
  key?: string | Uint8Array | undefined
  /** Certificates as PEM: the authorities that the API's own certificate may come from. @default those that Node trusts */
  ca?: string | Uint8Array | readonly (string | Uint8Array)[] | undefined
  /** Passphrase of `key`. @default none: the key is not encrypted */
  passphrase?: string | undefined
}

/** The option `tls`, checked. */
export interface TlsConfiguration {
  readonly cert: string
  readonly key: string
  readonly ca?: string[] | undefined
  readonly passphrase?: string | undefined
}

const whatCertificate = 'a certificate as PEM, which begins with -----BEGIN CERTIFICATE-----'

/** A certificate as PEM. */
export const certificate = v.pipe(
  pem('a certificate as PEM'),
  v.check(isCertificate, `must be ${whatCertificate}`),
  v.description('a certificate as PEM'),
)

const privateKey = pem('a private key as PEM')
const authorities = v.optional(
  v.pipe(
    v.union(
      [pem('a certificate as PEM'), v.array(pem('a certificate as PEM'))],
      `must be ${whatCertificate}, or a list`,
    ),
    v.transform((value) => [value].flat()),
    v.check((list) => list.length > 0 && list.every(isCertificate), `must be ${whatCertificate}, or a list`),
  ),
)
const passphrase = v.optional(text('the passphrase of the key'))

/** The option `tls` of `apiProxy()`: a certificate of the client is not needed. */
export const apiTls = v.optional(
  v.pipe(
    section({ cert: v.optional(certificate), key: v.optional(privateKey), ca: authorities, passphrase }),
    v.rawCheck(({ dataset, addIssue }) => {
      if (!dataset.typed || dataset.issues !== undefined) return
      const { cert, key } = dataset.value
      if (cert === undefined && key === undefined) return
      const flaw = keyFlaw({ ...dataset.value, cert: cert ?? '', key: key ?? '' })
      if (flaw !== undefined) addIssue({ message: flaw })
    }),
  ),
)

/** The option `tls`. */
export const tls = v.optional(
  v.pipe(
    section({ cert: certificate, key: privateKey, ca: authorities, passphrase }),
    v.rawCheck(({ dataset, addIssue }) => {
      const flaw = dataset.typed && dataset.issues === undefined ? keyFlaw(dataset.value) : undefined
      if (flaw !== undefined) addIssue({ message: flaw })
    }),
  ),
)

function pem(what: string) {
  return v.pipe(
    v.union([v.string(), v.instance(Uint8Array)], `must be ${what}: a string or a Buffer`),
    v.transform((value) => pemLines(typeof value === 'string' ? value : Buffer.from(value).toString('latin1'))),
    v.description(what),
  )
}

function isCertificate(value: string): boolean {
  try {
    return value.includes('-----BEGIN CERTIFICATE-----') && new X509Certificate(value).raw.length > 0
  } catch {
    return false
  }
}

function keyFlaw({ cert, key, passphrase }: TlsConfiguration): string | undefined {
  try {
    const isOfCertificate = new X509Certificate(cert).checkPrivateKey(createPrivateKey({ key, passphrase }))
    return isOfCertificate ? undefined : 'must have the "key" that belongs to "cert"'
  } catch {
    return 'must have a private key as PEM in "key", and its "passphrase" if it is encrypted'
  }
}
