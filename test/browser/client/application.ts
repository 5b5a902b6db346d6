import { type IncomingMessage, type ServerResponse, createServer } from 'node:http'
import { text } from 'node:stream/consumers'
import { bundleBrowserClient } from '../../../scripts/build/browser.js'
import { listen } from '../../kit/listen.js'

/** A request that a page has sent. */
export interface Seen {
  /** Method and path, with the query. */
  readonly line: string
  readonly headers: IncomingMessage['headers']
  readonly body: string
}

type Answer = (req: IncomingMessage, res: ServerResponse) => unknown

/** An application whose session a test decides, and the built client for its pages. */
export interface Application {
  readonly origin: string
  readonly seen: Seen[]
  /** The requests so far whose line begins with some text. */
  lines(start: string): string[]
  /** What the session route says from now on; `null`: nobody is signed in. */
  signIn(user: object | null, times?: object): void
  /** Answers a path in another way. */
  at(path: string, answer: Answer): void
  /** Forgets what tests have said. */
  reset(): void
  close(): Promise<void>
}

/** Starts such an application on a free port. */
export async function startApplication(): Promise<Application> {
  const client = await bundleBrowserClient()
  const seen: Seen[] = []
  const answers = new Map<string, Answer>()
  let state: object = {}
  const server = createServer(async (req, res) => {
    const [path = ''] = (req.url ?? '').split('?')
    seen.push({ line: `${req.method} ${req.url}`, headers: req.headers, body: await text(req) })
    const answer = answers.get(path)
    if (answer !== undefined) return answer(req, res)
    if (path === '/client.js') return res.writeHead(200, { 'Content-Type': 'text/javascript' }).end(client)
    if (path === '/session') return json(res, 200, state)
    if (path === '/logout') return json(res, 200, { logout_url: `${origin}/signed-out` })
    return res.writeHead(200, { 'Content-Type': 'text/html' }).end(`<title>${path}</title><main>a page</main>`)
  })
  const { origin, close } = await listen(server)
  const urls = { login_url: `${origin}/login`, logout_url: `${origin}/logout` }
  const signedOut = { isAuthenticated: false, user: null, session: null, ...urls, logout_url: null }
  const application: Application = {
    origin,
    seen,
    lines: (start) => seen.map(({ line }) => line).filter((line) => line.startsWith(start)),
    signIn(user, times = {}) {
      const session = { expires_in: 3600, absolute_expires_in: 86_400, ...times }
      state = user === null ? signedOut : { isAuthenticated: true, user, session, ...urls }
    },
    at: (path, answer) => void answers.set(path, answer),
    reset() {
      seen.length = 0
      answers.clear()
      state = signedOut
    },
    close,
  }
  application.reset()
  return application
}

/** Answers with JSON, as a problem where the status says so. */
export function json(res: ServerResponse, status: number, body: object): void {
  const type = status < 400 ? 'application/json' : 'application/problem+json'
  res.writeHead(status, { 'Content-Type': type }).end(JSON.stringify(body))
}
