import { type IncomingHttpHeaders, type IncomingMessage, type ServerResponse, createServer } from 'node:http'
import type { Server } from 'node:http'
import { listen } from '../listen.js'

/** A request as an API got it. */
export interface ApiCall {
  readonly method: string
  /** Path and query, as they came. */
  readonly target: string
  readonly headers: IncomingHttpHeaders
  readonly rawHeaders: readonly string[]
  /** Resolves with the body. */
  readonly body: Promise<string>
}

/** How the API answers; by default with the token and the body that it got. */
export type ApiAnswer = (req: IncomingMessage, res: ServerResponse, call: ApiCall) => unknown

/** An API on a loopback port. */
export interface Api {
  readonly origin: string
  /** All requests, in order. */
  readonly calls: ApiCall[]
  readonly server: Server
  /** Answers by this function from now on. */
  answer(next: ApiAnswer): void
  close(): Promise<void>
}

/** Starts an API that says what it got. */
export async function startApi(first: ApiAnswer = echo): Promise<Api> {
  const calls: ApiCall[] = []
  let answer = first
  const server = createServer((req, res) => {
    const call = callOf(req)
    calls.push(call)
    void answer(req, res, call)
  })
  return { ...(await listen(server)), calls, server, answer: (next) => void (answer = next) }
}

/** What is noted of a request. */
export function callOf(req: IncomingMessage): ApiCall {
  const { method = '', url = '', headers, rawHeaders } = req
  return { method, target: url, headers, rawHeaders, body: textOf(req) }
}

/** Answers with method, target, token and body. */
export const echo: ApiAnswer = async (_req, res, { method, target, headers, body }) => {
  res.setHeader('content-type', 'application/json')
  res.end(JSON.stringify({ method, target, authorization: headers.authorization ?? null, body: await body }))
}

async function textOf(req: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  try {
    for await (const chunk of req) chunks.push(chunk as Buffer)
  } catch {
    // The client has gone.
  }
  return Buffer.concat(chunks).toString()
}
