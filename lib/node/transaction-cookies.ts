import cookieSession from 'cookie-session'
import { prefixedName } from '../http/cookies.js'
import type { TransactionCookies } from '../relying-party/transaction.js'
import type { NodeRequest, NodeResponse } from './types.js'

/** More slots than logins under way at most: tabs that start at the same moment seldom choose the same. */
const slotCount = 8

/** Makes the transaction cookies of one request. */
export type TransactionCookieFactory = (req: NodeRequest, res: NodeResponse) => TransactionCookies

/** How the transaction cookies look. */
export interface TransactionCookieSettings {
  readonly name: string
  readonly secure: boolean
  /** The response comes as a POST from the provider's site, with which browsers send no `Lax` cookie. */
  readonly formPost: boolean
  readonly maxAgeSeconds: number
}

/**
 * Carries each transaction in an httpOnly cookie of its own, by `cookie-session`. The value is sealed already, so it is
 * not signed once more. cookie-session works on a request derived from the real one: the application's own `req.session`
 * stays as it is, and `secure` follows the base URL rather than the socket, which a proxy may have reached over http.
 */
export function createTransactionCookies(settings: TransactionCookieSettings): TransactionCookieFactory {
  const { secure } = settings
  const carriers = createCarriers(settings)
  return (req, res) => {
    const opened = new Map<string, Carried>()
    const open = (slot: string): Carried => {
      const known = opened.get(slot)
      if (known !== undefined) return known
      const derived = deriveRequest(req, secure)
      carriers.get(slot)?.(derived, res, () => undefined)
      opened.set(slot, derived)
      return derived
    }
    return {
      slots: [...carriers.keys()],
      read(slot) {
        // An open slot costs a request derived from this one and a wrapped writeHead(); most browsers have one cookie at most.
        if (!opened.has(slot) && !req.headers.cookie?.includes(`${slot}=`)) return undefined
        const sealed = open(slot).session?.['sealed']
        return typeof sealed === 'string' ? sealed : undefined
      },
      write(slot, sealed) {
        open(slot).session = { sealed }
      },
      remove(slot) {
        open(slot).session = null
      },
    }
  }
}

function createCarriers({
  name,
  secure,
  formPost,
  maxAgeSeconds,
}: TransactionCookieSettings): ReadonlyMap<string, Carrier> {
  const sameSite = formPost && secure ? 'none' : 'lax'
  const options = { signed: false, httpOnly: true, path: '/', secure, sameSite, maxAge: maxAgeSeconds * 1000 } as const
  const slots = Array.from({ length: slotCount }, (_, slot) => `${prefixedName(name, secure, undefined)}.tx.${slot}`)
  return new Map(
    slots.map((slot): [string, Carrier] => {
      const carrier: unknown = cookieSession({ ...options, name: slot })
      // eslint-disable-next-line @typescript-eslint/consistent-type-assertions -- its types speak of Express, but it reads a Node request's headers only
      return [slot, carrier as Carrier]
    }),
  )
}

/** The request as cookie-session sees it, with the session that it puts there. */
type Carried = NodeRequest & { session: Record<string, unknown> | null }

type Carrier = (req: Carried, res: NodeResponse, next: () => void) => void

// What the derived request has of its own, the application's request does not get: `session` and `sessionOptions` among it.
function deriveRequest(req: NodeRequest, secure: boolean): Carried {
  const derived: unknown = Object.create(req, {
    protocol: { value: secure ? 'https' : 'http' },
    session: { value: null, writable: true, configurable: true },
    sessionOptions: { value: undefined, writable: true, configurable: true },
  })
  // eslint-disable-next-line @typescript-eslint/consistent-type-assertions -- Object.create() does not tell what it made
  return derived as Carried
}
