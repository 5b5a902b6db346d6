import { AsyncLocalStorage } from 'node:async_hooks'
import { randomBytes } from 'node:crypto'
import { LRUCache } from 'lru-cache'

const cookieName = 'demo.timeline'
const maxBrowsers = 500
export const maxSteps = 60

/**
 * One step of a flow: who sent what to whom.
 *
 * @typedef {object} Step
 * @property {number} at Milliseconds since the epoch.
 * @property {'browser' | 'app' | 'provider' | 'api' | 'other'} from `other`: a browser, or a thief, that the demo plays itself.
 * @property {'browser' | 'app' | 'provider' | 'api' | 'other'} to
 * @property {string} what The request or answer, such as `GET /callback`.
 * @property {string} title
 * @property {string} why What the step is for, in plain words.
 * @property {[string, string][]} carried Names and values, secrets shortened.
 * @property {Beginning} [begins] A new flow begins with this step.
 * @property {boolean} [failed]
 */

/**
 * @typedef {object} Beginning
 * @property {string} title Of the flow.
 * @property {string | undefined} [stop] Of the tour, where the flow is shown. Default `sign-in`.
 * @property {boolean} [isLogin] A callback belongs to it.
 */

/**
 * Steps of the flows, kept in memory for each browser apart: bounded in number and in age.
 *
 * @typedef {object} Timeline
 * @property {(req: import('express').Request, res: import('express').Response, run: () => void) => void} enter Runs a
 *   request's work in a context, from which `add` knows the browser.
 * @property {(req: import('express').Request, run: () => void) => void} join
 *   Like `enter`, for requests that are no reason to set a cookie.
 * @property {(step: Omit<Step, 'at'>) => void} add Adds a step to the request being served; outside one, to the steps of the start.
 * @property {(req: import('express').Request) => Promise<readonly Step[]>} steps What this browser has done, oldest first.
 * @property {() => readonly Step[]} startSteps What happened before the first browser came.
 */

/**
 * Where the steps of browsers are kept, {@link maxSteps} of each.
 *
 * @typedef {object} StepStore
 * @property {(id: string, step: Step) => void} push
 * @property {(id: string) => Promise<readonly Step[]>} read Empty where they are out of reach: a page shows without them.
 */

/**
 * @param {{ secureCookie: boolean, store?: StepStore }} options
 * @returns {Timeline}
 */
export function createTimeline({ secureCookie, store = memorySteps() }) {
  // `null`: steps that belong to no browser are not kept.
  /** @type {AsyncLocalStorage<string | null>} */
  const current = new AsyncLocalStorage()
  /** @type {Step[]} */
  const start = []

  return {
    enter(req, res, run) {
      const id = browserId(req) ?? randomBytes(16).toString('base64url')
      if (isForeignPost(req)) {
        current.run(null, run)
        return
      }
      if (browserId(req) === undefined) {
        res.cookie(cookieName, id, { httpOnly: true, sameSite: 'lax', secure: secureCookie, maxAge: 3_600_000 })
      }
      current.run(id, run)
    },
    join: (req, run) => current.run(browserId(req) ?? null, run),
    add(step) {
      const id = current.getStore()
      const dated = { at: Date.now(), ...step }
      if (id === undefined) append(start, dated)
      else if (id !== null) store.push(id, dated)
    },
    async steps(req) {
      // The first request that is a step has no cookie yet.
      const id = current.getStore() ?? browserId(req)
      return id === undefined ? [] : store.read(id)
    },
    startSteps: () => start,
  }
}

/** @returns {StepStore} */
function memorySteps() {
  /** @type {LRUCache<string, Step[]>} */
  const browsers = new LRUCache({ max: maxBrowsers, ttl: 3_600_000 })
  return {
    push: (id, step) => void browsers.set(id, append(browsers.get(id) ?? [], step)),
    read: async (id) => browsers.get(id) ?? [],
  }
}

/**
 * @param {Step[]} steps
 * @param {Step} step
 */
function append(steps, step) {
  steps.push(step)
  steps.splice(0, steps.length - maxSteps)
  return steps
}

/**
 * Whether another site's form made this request: the cookie stays at home then, and a new one would replace it.
 *
 * @param {import('express').Request} req
 */
function isForeignPost(req) {
  return req.method === 'POST' && ['cross-site', 'same-site'].includes(String(req.headers['sec-fetch-site']))
}

/**
 * @param {import('express').Request} req
 * @returns {string | undefined} Only what this application made itself: 16 bytes in base64url.
 */
function browserId(req) {
  return /(?:^|; )demo\.timeline=([A-Za-z0-9_-]{22})(?:;|$)/.exec(req.headers.cookie ?? '')?.[1]
}
