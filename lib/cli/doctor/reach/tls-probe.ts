import { isIP } from 'node:net'
import { checkServerIdentity, connect, type ConnectionOptions, type PeerCertificate, type TLSSocket } from 'node:tls'
import { isError, systemCode } from '../../../base/error-cause.js'
import { isLocalhostName } from '../../../options/common/fields.js'
import type { TlsConfiguration } from '../../../options/common/tls.js'

/** What a server shows of itself before any request. */
export type TlsView =
  | { readonly kind: 'certificate'; readonly shown: ShownCertificate }
  /** There is no TLS at that port. */
  | { readonly kind: 'no-tls' }
  | { readonly kind: 'no-connection'; readonly code: string }

/** A server's certificate, and what is wrong with it. */
export interface ShownCertificate {
  readonly from: Date
  readonly until: Date
  /** The names that it is for. */
  readonly names: string
  /** The common name of whoever issued it. */
  readonly issuer: string
  readonly isForHost: boolean
  /** Why it is not trusted, apart from dates and name: a code of OpenSSL. */
  readonly distrust: string | undefined
}

interface ProbeSettings {
  readonly tls?: TlsConfiguration | undefined
  readonly seconds: number
}

/** Connects, looks at the certificate whatever it is, and closes the connection. Nothing is sent over it. */
export async function probeTls(url: URL, { tls, seconds }: ProbeSettings): Promise<TlsView> {
  const host = url.hostname.replace(/^\[|\]$/g, '')
  const port = Number(url.port === '' ? (url.protocol === 'http:' ? '80' : '443') : url.port)
  const options: ConnectionOptions = {
    // Names below localhost are loopback addresses, whatever DNS says.
    host: isLocalhostName(host) ? 'localhost' : host,
    port,
    ...tls,
    ...(isIP(host) === 0 ? { servername: host } : {}),
    // This is to find certificates that are not trusted. Nothing is sent to such a server.
    rejectUnauthorized: false,
  }
  return new Promise((resolve) => {
    const socket = connect(options)
    const finish = (view: TlsView): void => {
      socket.destroy()
      resolve(view)
    }
    socket.setTimeout(seconds * 1000, () => finish({ kind: 'no-connection', code: 'TIMEOUT' }))
    socket.on('error', (error: Error) => finish(viewOf(error)))
    socket.on('secureConnect', () => finish({ kind: 'certificate', shown: shownBy(socket, host) }))
  })
}

// OpenSSL's error for an answer in plain http.
function viewOf(error: Error): TlsView {
  const code = systemCode(error) ?? 'UNKNOWN'
  if (/^(?:EPROTO|ERR_SSL_(?:WRONG_VERSION_NUMBER|PACKET_LENGTH_TOO_LONG))$/.test(code)) return { kind: 'no-tls' }
  return { kind: 'no-connection', code }
}

// Dates and name are looked at apart, since OpenSSL reports one flaw of several.
const aboutDatesAndName = ['CERT_HAS_EXPIRED', 'CERT_NOT_YET_VALID', 'ERR_TLS_CERT_ALTNAME_INVALID']

function shownBy(socket: TLSSocket, host: string): ShownCertificate {
  const certificate = socket.getPeerCertificate()
  const error: unknown = socket.authorizationError
  const code = (typeof error === 'string' ? error : isError(error) ? systemCode(error) : undefined) ?? 'UNKNOWN'
  const isTrusted = socket.authorized || aboutDatesAndName.includes(code)
  return {
    from: new Date(certificate.valid_from),
    until: new Date(certificate.valid_to),
    names: namesOf(certificate),
    issuer: nameOf(certificate.issuer),
    isForHost: checkServerIdentity(host, certificate) === undefined,
    distrust: isTrusted ? undefined : code,
  }
}

function namesOf({ subjectaltname, subject }: PeerCertificate): string {
  return (subjectaltname ?? nameOf(subject)).replace(/[^\x20-\x7e]/g, '?').slice(0, 200)
}

function nameOf(subject: PeerCertificate['issuer'] | undefined): string {
  const name: unknown = subject?.CN ?? subject?.O
  return typeof name === 'string' ? name.replace(/[^\x20-\x7e]/g, '?').slice(0, 80) : 'an authority without name'
}
