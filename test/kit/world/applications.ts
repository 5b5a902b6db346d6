import type { ServerResponse } from 'node:http'
import type { Handler, Route } from '../../hosts/layers.js'
import { type AppRequest, json } from '../app.js'

/** A handler that sees the request as the middleware leaves it, asynchronous or not; failures go to `next`. */
export function handler(handle: (req: AppRequest, res: ServerResponse) => unknown): Handler {
  return (req, res, next) => {
    Promise.resolve()
      .then(() => handle(req as AppRequest, res))
      .catch(next)
  }
}

/** A route with GET that answers with whatever the handler returns, as JSON. */
export function answering(path: string, handle: (req: AppRequest, res: ServerResponse) => unknown): Route {
  return get(path, async (req, res) => json(res, (await handle(req, res)) ?? null))
}

/** A route with GET whose handler writes the answer itself. */
export function get(path: string, handle: (req: AppRequest, res: ServerResponse) => unknown): Route {
  return { method: 'GET', path, handlers: [handler(handle)] }
}

/** A route with POST whose handler writes the answer itself. */
export function post(path: string, handle: (req: AppRequest, res: ServerResponse) => unknown): Route {
  return { method: 'POST', path, handlers: [handler(handle)] }
}

/** A route with GET behind guards. */
export function guarded(path: string, ...guards: readonly unknown[]): Route {
  const end: Handler = (req, res) => json(res, { sub: (req as AppRequest).auth?.subject ?? null })
  return { method: 'GET', path, handlers: [...(guards as Handler[]), end] }
}
