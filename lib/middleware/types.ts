import type { IncomingMessage, ServerResponse } from 'node:http'

/** A request of `node:http`, or of a framework built on it. */
export type NodeRequest = IncomingMessage & { originalUrl?: string; body?: unknown }

/** A response of `node:http`, or of a framework built on it. */
export type NodeResponse = ServerResponse

/** Hands on to the next middleware, or to the error handlers. */
export type Next = (error?: unknown) => void

/** Connect-style middleware: Express 4 and 5, Connect, or called by hand. */
export type Middleware<Request extends IncomingMessage = IncomingMessage> = (
  req: Request,
  res: NodeResponse,
  next: Next,
) => void
