import { X509Certificate, createPrivateKey } from 'node:crypto'
import * as v from 'valibot'
import { pemLines } from './private-key.js'
import { callback, text } from './fields.js'
import { parseOptions, section } from './parse.js'

/** The certificates of connections to an API. */
export interface ApiTlsOptions {
  /** The client's certificate as PEM, followed by those of intermediate authorities. @default none */
  cert?: string | Uint8Array | undefined
  /** The private key of `cert` as PEM. @default none: required with `cert` */
  key?: string | Uint8Array | undefined
  /** Certificates as PEM: the authorities that the server's own certificate may come from. @default those that Node trusts */
  ca?: string | Uint8Array | readonly (string | Uint8Array)[] | undefined
  /**
   * Revocation lists as PEM, one of each authority in the server's chain: a certificate that is listed is refused, and so is one
   * whose authority has no current list here. @default nothing is looked up
   */
  crl?: string | Uint8Array | readonly (string | Uint8Array)[] | undefined
  /** Passphrase of `key`. @default none: the key is not encrypted */
  passphrase?: string | undefined
}

/**
 * The certificate that connections to the provider present, and those to APIs where this package sends tokens.
 *
 * @see https://www.rfc-editor.org/rfc/rfc8705#section-2
 */
export interface TlsOptions extends ApiTlsOptions {
  /** The client's certificate as PEM, followed by those of intermediate authorities. */
  cert: string | Uint8Array
  /** The certificate's private key as PEM. */
  key: string | Uint8Array
}

/**
 * Certificates that are replaced while the process runs. The function is asked before the first connection, and then once a minute
 * at most, while there are requests. What fails, is late or cannot be used leaves the certificates of before in use.
 *
 * @example
 * ```ts
 * import { readFile } from 'node:fs/promises'
 * import type { CurrentTls, TlsOptions } from 'express-oidc'
 *
 * const tls: CurrentTls<TlsOptions> = async () => ({
 *   cert: await readFile('keys/client.crt'),
 *   key: await readFile('keys/client.pem'),
 * })
 * ```
 */
export type CurrentTls<Options> = () => Options | Promise<Options>

/** The option `tls`, checked. */
export interface TlsConfiguration extends ApiTlsConfiguration {
  readonly cert: string
  readonly key: string
}

/** The option `tls` of `apiProxy()`, checked. */
export interface ApiTlsConfiguration {
  readonly cert?: string | undefined
  readonly key?: string | undefined
  readonly ca?: string[] | undefined
  readonly crl?: string[] | undefined
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
const whatList = 'a revocation list as PEM, which begins with -----BEGIN X509 CRL-----, or a list of them'
const revocations = v.optional(
  v.pipe(
    v.union([pem('a revocation list'), v.array(pem('a revocation list'))], `must be ${whatList}`),
    v.transform((value) => [value].flat()),
    v.check((list) => list.length > 0 && list.every(isRevocationList), `must be ${whatList}`),
  ),
)
const passphrase = v.optional(text('the passphrase of the key'))
const trust = { ca: authorities, crl: revocations, passphrase }

const apiSection = v.pipe(
  section({ cert: v.optional(certificate), key: v.optional(privateKey), ...trust }),
  v.rawCheck(({ dataset, addIssue }) => {
    if (!dataset.typed || dataset.issues !== undefined) return
    const { cert, key } = dataset.value
    if (cert === undefined && key === undefined) return
    const flaw = keyFlaw({ ...dataset.value, cert: cert ?? '', key: key ?? '' })
    if (flaw !== undefined) addIssue({ message: flaw })
  }),
)

const clientSection = v.pipe(
  section({ cert: certificate, key: privateKey, ...trust }),
  v.rawCheck(({ dataset, addIssue }) => {
    const flaw = dataset.typed && dataset.issues === undefined ? keyFlaw(dataset.value) : undefined
    if (flaw !== undefined) addIssue({ message: flaw })
  }),
)

/** The option `tls` of `apiProxy()`: a certificate of the client is not needed. */
export const apiTls = v.optional(v.lazy((given) => (typeof given === 'function' ? callback : apiSection)))

/** The option `tls`. */
export const tls = v.optional(v.lazy((given) => (typeof given === 'function' ? callback : clientSection)))

/**
 * Checks what the function in the option `tls` has returned.
 *
 * @throws {ConfigurationError} `invalid_options`
 */
export function parseCurrentTls(given: unknown): TlsConfiguration {
  return parseOptions('tls()', clientSection, given)
}

/** The same for the function of `apiProxy()`. */
export function parseCurrentApiTls(given: unknown): ApiTlsConfiguration {
  return parseOptions('tls()', apiSection, given)
}

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

function isRevocationList(crl: string): boolean {
  try {
    if (!crl.includes('-----BEGIN X509 CRL-----')) return false
    process.getBuiltinModule('node:tls').createSecureContext({ crl })
    return true
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
