import type { IncomingMessage, ServerResponse } from 'node:http'

/** A request of `node:http`, or of a framework built on it. */
export type NodeRequest = IncomingMessage & { originalUrl?: string; body?: unknown }

/** A response of `node:http`, or of a framework built on it. */
export type NodeResponse = ServerResponse

/** Calls the next middleware, or with an argument the error handlers. */
export type Next = (error?: unknown) => void

/** Middleware for Express 4 and 5 and Connect. It can also be called directly, in a `node:http` server. */
export type Middleware<Request extends IncomingMessage = IncomingMessage> = (
  req: Request,
  res: NodeResponse,
  next: Next,
) => void
