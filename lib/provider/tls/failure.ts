import { isError, systemCode } from '../../base/error-cause.js'

/** What each code of Node and OpenSSL says, for logs. The first that fits counts. */
const reasons: readonly (readonly [code: RegExp, reason: string])[] = [
  [/alert[ _]certificate[ _]required/i, 'it requires a certificate of this client: set "tls"'],
  [
    /alert[ _](?:.*certificate|unknown[ _]ca|access[ _]denied|handshake[ _]failure|decrypt[ _]error)/i,
    'it refuses the certificate of this client, or requires one',
  ],
  // An answer in plain http.
  [
    /^EPROTO|^ERR_SSL_(?:WRONG_VERSION_NUMBER|PACKET_LENGTH_TOO_LONG)$/,
    'it does not speak TLS: check that the URL should begin with https',
  ],
  [/^CERT_HAS_EXPIRED$/, 'its certificate, or that of an authority above it, has expired'],
  [/^CERT_NOT_YET_VALID$/, 'its certificate is not valid yet'],
  [/^CERT_REVOKED$/, 'its certificate has been revoked'],
  [
    /CRL/,
    'its certificate could not be looked up in a revocation list: "tls.crl" needs a current one of each authority',
  ],
  [/^ERR_TLS_CERT_ALTNAME_INVALID$/, 'its certificate is for another host'],
  [
    /^(?:UNABLE_TO_|DEPTH_ZERO_SELF_SIGNED_CERT|SELF_SIGNED_CERT_IN_CHAIN|CERT_UNTRUSTED|CERT_SIGNATURE_FAILURE|INVALID_CA|INVALID_PURPOSE)/,
    'its certificate is from an authority that is not trusted here: give that as "tls.ca", or in NODE_EXTRA_CA_CERTS',
  ],
]

// Some servers hang up without a word.
const hungUp = /^(?:ECONNRESET|EPIPE)$/

/**
 * What is wrong with a TLS connection, as a person would put it.
 *
 * @param hasCertificate - whether the connection presents a certificate of the client
 * @returns `undefined` for other failures
 */
export function tlsFailure(error: unknown, hasCertificate: boolean): string | undefined {
  for (let cause = error; isError(cause); cause = cause.cause) {
    const code = systemCode(cause) ?? ''
    // With TLS 1.2 an alert has no code of its own.
    const text = code === 'EPROTO' ? `${code} ${cause.message}` : code
    const [, reason] = reasons.find(([pattern]) => pattern.test(text)) ?? []
    if (reason !== undefined) return reason
    if (hasCertificate && hungUp.test(code))
      return 'it closed the connection, as some servers do when they refuse the certificate of a client'
  }
  return undefined
}
