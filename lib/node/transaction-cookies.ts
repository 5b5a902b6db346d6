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
 * not signed once more. cookie-session works on a stand-in for the request: the application's own `req.session` stays as
 * it is, and `secure` follows the base URL rather than the socket, which a proxy may have reached over http.
 */
export function createTransactionCookies(settings: TransactionCookieSettings): TransactionCookieFactory {
  const { secure } = settings
  const carriers = createCarriers(settings)
  return (req, res) => {
    const opened = new Map<string, Carried>()
    const open = (slot: string): Carried => {
      const known = opened.get(slot)
      if (known !== undefined) return known
      const carried = new Carried(req, secure)
      carriers.get(slot)?.(carried, res, () => undefined)
      opened.set(slot, carried)
      return carried
    }
    return {
      slots: [...carriers.keys()],
      read(slot) {
        // An open slot wraps writeHead(), and most browsers have one of these cookies at most.
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
      // eslint-disable-next-line @typescript-eslint/consistent-type-assertions -- its types speak of Express, but it reads these members only
      return [slot, carrier as Carrier]
    }),
  )
}

/** A request as cookie-session sees it, with the session that it puts there. */
class Carried {
  readonly headers: NodeRequest['headers']
  readonly socket: NodeRequest['socket']
  readonly protocol: string
  session: Record<string, unknown> | null = null

  constructor({ headers, socket }: NodeRequest, secure: boolean) {
    this.headers = headers
    this.socket = socket
    this.protocol = secure ? 'https' : 'http'
  }
}

type Carrier = (req: Carried, res: NodeResponse, next: () => void) => void
