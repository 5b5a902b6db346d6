import type { IncomingMessage, ServerResponse } from 'node:http'

/** Connect's `next`. */
export type Next = (error?: unknown) => void

/** A middleware in the plainest types, as all four hosts take it. */
export type Handler = (req: IncomingMessage, res: ServerResponse, next: Next) => unknown

/** Handlers under a path prefix, as `app.use('/api', ...)` mounts them. */
export interface Mount {
  readonly mount: string
  readonly handlers: readonly Handler[]
}

/** Handlers for one method and one exact path, as `app.get('/path', ...)` routes them. */
export interface Route {
  readonly method: string
  readonly path: string
  readonly handlers: readonly Handler[]
}

/** One step of an application, in order: for every request, under a prefix, or at one route. */
export type Layer = Handler | Mount | Route

/** What one invocation of a middleware did with `next`. */
export interface Passage {
  /** The middleware's function name. */
  readonly name: string
  /** The request's path and query, before any mount stripped it. */
  readonly target: string
  /** How often it called `next`: a middleware that answers has 0, any other exactly 1. */
  readonly nexts: number
  /** What it handed to `next`, by call. */
  readonly errors: readonly unknown[]
}

/** What happened inside a host, for assertions. */
export interface Journal {
  readonly passages: readonly Passage[]
  /** What reached the application's error handler. */
  readonly errors: readonly unknown[]
  /** Rejections of promises that a middleware returned: only Express 5 listens to them, elsewhere the request hangs. */
  readonly rejections: readonly unknown[]
}

/** A journal that can be written. */
export class Recorder implements Journal {
  readonly passages: { name: string; target: string; nexts: number; errors: unknown[] }[] = []
  readonly errors: unknown[] = []
  readonly rejections: unknown[] = []

  /** The same middleware, of which every call of `next` is written down. */
  watch(handler: Handler): Handler {
    return (req, res, next) => {
      const passage = { name: handler.name, target: originalTarget(req), nexts: 0, errors: [] as unknown[] }
      this.passages.push(passage)
      const result = handler(req, res, (...args) => {
        passage.nexts += 1
        if (args[0] !== undefined) passage.errors.push(args[0])
        next(...args)
      })
      if (result instanceof Promise) result.catch((reason: unknown) => this.rejections.push(reason))
      return result
    }
  }

  /** Answers for an application: the error's own status and headers, and its code and message as JSON. */
  answerError(error: unknown, res: ServerResponse): void {
    this.errors.push(error)
    if (res.headersSent) {
      res.destroy()
      return
    }
    const { status, headers, code, message } = error as Partial<Record<string, unknown>>
    for (const [name, value] of Object.entries(headers ?? {})) res.setHeader(name, value as string)
    res.statusCode = typeof status === 'number' ? status : 500
    res.setHeader('content-type', 'application/json')
    res.end(JSON.stringify({ code, message }))
  }
}

/** The request's path and query as they came in; Express and Connect keep them when a mount strips its prefix. */
function originalTarget(req: IncomingMessage): string {
  const { originalUrl } = req as { originalUrl?: string }
  return originalUrl ?? req.url ?? ''
}

/** The layer's kind, told apart by its own key. */
export function isMount(layer: Mount | Route): layer is Mount {
  return 'mount' in layer
}
