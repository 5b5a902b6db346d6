import { type IncomingMessage, type ServerResponse, createServer } from 'node:http'
import { listen } from '../listen.js'
import type { FakeProvider } from './provider.js'

/** Puts a provider on a loopback port that the system picks. Its issuer is the origin, so it is made once that is known. */
export async function serve<Provider extends FakeProvider>(
  make: (origin: string) => Provider,
): Promise<{ provider: Provider; close: () => Promise<void> }> {
  const server = createServer()
  const { origin, close } = await listen(server)
  const provider = make(origin)
  server.on('request', (req, res) => {
    forward(provider, req, res).catch((error: unknown) => res.writeHead(500).end(String(error)))
  })
  return { provider, close }
}

async function forward(provider: FakeProvider, req: IncomingMessage, res: ServerResponse): Promise<void> {
  const chunks: Buffer[] = []
  for await (const chunk of req) chunks.push(Buffer.from(chunk))
  const url = new URL(req.url ?? '/', provider.issuer)
  const { method = 'GET' } = req
  const response = await provider.fetch(url, {
    method,
    headers: headersOf(req),
    body: Buffer.concat(chunks).toString(),
  })
  res.writeHead(response.status, Object.fromEntries(response.headers)).end(await response.text())
}

function headersOf({ headersDistinct }: IncomingMessage): [string, string][] {
  return Object.entries(headersDistinct).flatMap(([name, values = []]) =>
    values.map((value): [string, string] => [name, value]),
  )
}
