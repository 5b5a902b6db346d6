import { jsonIn, memberOf, sendToOwnOrigin } from './requests.js'
import type { Session } from './types.js'

// The longest delay of a timer: with more, it fires at once.
const maxDelay = 2 ** 31 - 1

/** After a failure, the session route is asked again that much later. */
const retrySeconds = 60

type Condition = (session: Session, hasEnded: boolean) => boolean

const isSignedIn: Condition = ({ isAuthenticated }) => isAuthenticated

/**
 * Watches the session of a page: asks when the session would end, when the person comes back to the page, and when another page
 * of this origin saw a change. The answer of the session route alone counts; a message of another page is only a reason to ask.
 */
export class SessionWatch {
  /** The end of the session that this page knows: a new promise once somebody has signed in after it. */
  ended: Promise<Session>
  /** Whether this page signs out: for it, the session does not end elsewhere then. */
  isSigningOut = false
  latest: Session | undefined
  /** Where to sign out, even if the session has expired since: the provider's may live on. */
  logoutUrl: string | undefined
  readonly #url: string
  /** Who is signed in, as this page knows; empty: nobody. */
  #who: string | undefined
  /** Whether the promise of the end has resolved. */
  #isOver = false
  #waiting: readonly (readonly [Condition, (session: Session) => void])[] = []
  #pending: Promise<Session> | undefined
  #asked = 0
  #answered = 0
  #timer: ReturnType<typeof setTimeout> | undefined
  #channel: BroadcastChannel | undefined

  constructor(url: string) {
    this.#url = url
    this.ended = this.#end()
    this.#listen()
    this.#look()
  }

  /** The state of now. Calls at the same time share a request. */
  current(): Promise<Session> {
    return (this.#pending ??= this.ask().finally(() => {
      this.#pending = undefined
    }))
  }

  /** Asks the session route. A response to an earlier request, that comes late, changes nothing here. */
  async ask(query = ''): Promise<Session> {
    const turn = ++this.#asked
    const session = await sessionIn(await sendToOwnOrigin(this.#url + query, { cache: 'no-store' }))
    if (turn > this.#answered) {
      this.#answered = turn
      this.#update(session)
    }
    return session
  }

  /** Asks again. No failure means that the session has ended. */
  check(): void {
    this.ask().catch(() => {
      this.#schedule(retrySeconds)
    })
  }

  /** Resolves once somebody is signed in. Who has waited before waits for ever: one login has one consequence. */
  signedIn(): Promise<Session> {
    this.#waiting = this.#waiting.filter(([condition]) => condition !== isSignedIn)
    return this.#until(isSignedIn)
  }

  /** Tells the other pages that nobody is signed in any more. */
  signedOut(): void {
    this.#answered = ++this.#asked
    this.#is('')
  }

  #update(session: Session): void {
    const before = this.#who
    this.latest = session
    this.logoutUrl = session.logout_url ?? this.logoutUrl
    this.#is(whoIn(session))
    const { expires_in = 0, absolute_expires_in = 0 } = session.session ?? {}
    this.#schedule(Math.min(expires_in, absolute_expires_in))
    const hasEnded = Boolean(before) && before !== this.#who && !this.isSigningOut
    this.#waiting = this.#waiting.filter(([isFulfilled, resolve]) => {
      const isOver = isFulfilled(session, hasEnded)
      if (isOver) resolve(session)
      return !isOver
    })
    this.#isOver ||= hasEnded
    if (this.#isOver && before === '' && session.isAuthenticated) {
      this.#isOver = false
      this.ended = this.#end()
    }
  }

  /** Resolves with the first state that fulfils a condition. */
  #until(isFulfilled: Condition): Promise<Session> {
    return new Promise((resolve) => {
      this.#waiting = [...this.#waiting, [isFulfilled, resolve]]
    })
  }

  #end(): Promise<Session> {
    return this.#until((_session, hasEnded) => hasEnded)
  }

  #is(who: string): void {
    if (who !== this.#who) this.#channel?.postMessage(who)
    this.#who = who
  }

  #schedule(seconds: number): void {
    clearTimeout(this.#timer)
    if (this.#who) this.#timer = setTimeout(() => this.check(), Math.min((seconds + 1) * 1000, maxDelay))
  }

  #look(): void {
    if (document.visibilityState === 'visible') this.current().catch(() => undefined)
  }

  #listen(): void {
    const open = () => {
      this.#channel = new BroadcastChannel(`express-oidc ${this.#url}`)
      this.#channel.onmessage = ({ data }) => {
        if (data !== this.#who) this.check()
      }
    }
    open()
    addEventListener('focus', () => this.#look())
    document.addEventListener('visibilitychange', () => this.#look())
    // An open channel would keep the page out of the cache for Back.
    addEventListener('pagehide', () => {
      this.#channel?.close()
      this.#channel = undefined
    })
    addEventListener('pageshow', ({ persisted }) => {
      if (!persisted) return
      if (this.isSigningOut) location.reload()
      open()
      this.check()
    })
  }
}

// The same `sub` at another provider is another person.
function whoIn({ isAuthenticated, session, user }: Session): string {
  return isAuthenticated ? JSON.stringify([session.provider, user.sub ?? user]) : ''
}

async function sessionIn(response: Response): Promise<Session> {
  const body = await jsonIn(response)
  if (response.ok && isSession(body)) return body
  const message = `express-oidc: ${response.url} answered ${response.status} and no session (is oidc({ routes: { session } }) set?)`
  throw new Error(message, { cause: response })
}

function isSession(body: unknown): body is Session {
  return typeof memberOf(body, 'isAuthenticated') === 'boolean'
}
