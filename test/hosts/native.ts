import connect from 'connect'
import express from 'express'
import express4 from 'express4'
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http'
import { type Handler, type Layer, type Recorder, type Route, isMount } from './layers.js'

/** Makes one framework's request listener out of layers, in that framework's own words. */
export type Wire = (layers: readonly Layer[], recorder: Recorder) => RequestListener

/** Both major versions of Express take the same calls. */
function wireExpress(create: typeof express): Wire {
  return (layers, recorder) => {
    const app = create()
    for (const layer of layers) {
      if (typeof layer === 'function') app.use(recorder.watch(layer))
      else if (isMount(layer)) app.use(layer.mount, ...layer.handlers.map((handler) => recorder.watch(handler)))
      else app[verb(layer)](layer.path, ...layer.handlers.map((handler) => recorder.watch(handler)))
    }
    app.use((error: unknown, _req: express.Request, res: express.Response, _next: express.NextFunction) => {
      recorder.answerError(error, res)
    })
    return (req, res) => void app(req, res)
  }
}

export const wireExpress5: Wire = wireExpress(express)

export const wireExpress4: Wire = wireExpress(express4)

/** Connect mounts by prefix and knows neither methods nor exact paths: a route is a middleware that looks first. */
export const wireConnect: Wire = (layers, recorder) => {
  const app = connect()
  for (const layer of layers) {
    if (typeof layer === 'function') app.use(recorder.watch(layer))
    else if (isMount(layer)) for (const handler of layer.handlers) app.use(layer.mount, recorder.watch(handler))
    else for (const handler of layer.handlers) app.use(onlyAt(layer, recorder.watch(handler)))
  }
  app.use((error: unknown, _req: IncomingMessage, res: ServerResponse, _next: () => void) => {
    recorder.answerError(error, res)
  })
  return app
}

/** No framework: the loop over handlers that one writes by hand. `req.url` stays whole, `originalUrl` does not exist. */
export const wireNode: Wire = (layers, recorder) => {
  const handlers = layers.flatMap((layer) => {
    if (typeof layer === 'function') return [recorder.watch(layer)]
    const at = isMount(layer) ? onlyUnder(layer.mount) : (handler: Handler) => onlyAt(layer, handler)
    return layer.handlers.map((handler) => at(recorder.watch(handler)))
  })
  return (req, res) => {
    let index = 0
    const next = (error?: unknown): void => {
      if (error !== undefined && error !== null) return recorder.answerError(error, res)
      const handler = handlers[index++]
      if (handler === undefined) {
        res.statusCode = 404
        res.end()
        return
      }
      try {
        handler(req, res, next)
      } catch (thrown) {
        next(thrown)
      }
    }
    next()
  }
}

function onlyAt(route: Route, handler: Handler): Handler {
  return (req, res, next) =>
    req.method === route.method && pathOf(req) === route.path ? handler(req, res, next) : next()
}

function onlyUnder(prefix: string): (handler: Handler) => Handler {
  return (handler) => (req, res, next) =>
    pathOf(req) === prefix || pathOf(req).startsWith(`${prefix}/`) ? handler(req, res, next) : next()
}

function pathOf(req: IncomingMessage): string {
  return (req.url ?? '').split('?', 1)[0] ?? ''
}

function verb(route: Route): 'delete' | 'get' | 'patch' | 'post' | 'put' {
  const known = (['delete', 'get', 'patch', 'post', 'put'] as const).find((name) => name === route.method.toLowerCase())
  if (known === undefined) throw new Error(`No host routes ${route.method}.`)
  return known
}
