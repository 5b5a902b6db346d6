import { X509Certificate, createHash } from 'node:crypto'
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http'
import { createServer } from 'node:https'
import { type TlsOptions, TLSSocket } from 'node:tls'
import { listen } from '../listen.js'
import { type Certificate, selfSigned } from '../resource-server/certificate.js'

/** A server that talks to nobody without a certificate that it knows. */
export interface MutualTlsServer {
  /** `https://localhost:<port>`, by a certificate of its own. */
  readonly origin: string
  /** The server's certificate, which is its own authority. */
  readonly ca: string
  /** The requests so far, such as `POST /token`, each with the thumbprint of its certificate. */
  readonly requests: { readonly name: string; readonly thumbprint: string }[]
  /** What answers from now on. */
  listener: RequestListener
  close(): Promise<void>
}

/** Starts a server that accepts these certificates, and those that these certificates have signed. */
export async function startMutualTls(
  known: readonly Certificate[],
  listener: RequestListener = (_req, res) => void res.writeHead(503).end(),
  { own = selfSigned('localhost'), ...more }: TlsOptions & { readonly own?: Certificate } = {},
): Promise<MutualTlsServer> {
  const options = { cert: own.pem, key: own.keyPem, ca: known.map(({ pem }) => pem), requestCert: true, ...more }
  const requests: { name: string; thumbprint: string }[] = []
  const https = createServer(options, (req: IncomingMessage, res: ServerResponse) => {
    const der = new X509Certificate(clientCertificate(req) ?? '').raw
    const thumbprint = createHash('sha256').update(der).digest('base64url')
    requests.push({ name: `${req.method} ${(req.url ?? '').split('?', 1)[0]}`, thumbprint })
    server.listener(req, res)
  })
  const { origin, close } = await listen(https)
  const server = {
    origin: origin.replace('http://127.0.0.1', 'https://localhost'),
    ca: own.pem,
    requests,
    listener,
    close,
  }
  return server
}

/** The certificate of a connection as PEM. */
export function clientCertificate({ socket }: IncomingMessage): string | undefined {
  if (!(socket instanceof TLSSocket)) return undefined
  return socket.getPeerX509Certificate()?.toString()
}
