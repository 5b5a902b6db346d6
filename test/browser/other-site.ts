import { createServer } from 'node:http'
import { listen } from '../kit/listen.js'

/** A server of somebody else, that shows one page of theirs. */
export interface OtherSite {
  /** Under another host name: another site, to which Lax cookies of the application do not go along. */
  readonly foreign: string
  /** Under the application's own host name on another port: another origin, but the same site for cookies. */
  readonly neighbour: string
  show(body: string): void
  close(): Promise<void>
}

/** Starts a server of somebody else on a free port. */
export async function startOtherSite(): Promise<OtherSite> {
  let page = ''
  const server = createServer((_req, res) => {
    res.writeHead(200, { 'Content-Type': 'text/html; charset=utf-8' }).end(page)
  })
  const { origin, close } = await listen(server)
  return {
    foreign: `${origin}/`,
    neighbour: `${origin.replace('127.0.0.1', 'localhost')}/`,
    show(body) {
      page = `<!doctype html><title>Elsewhere</title>${body}`
    },
    close,
  }
}
