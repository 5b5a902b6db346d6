import cookieSession from 'cookie-session'
import { prefixedName } from '../../http/cookies.js'
import type { TransactionCookies } from '../../relying-party/login/transaction/transaction.js'
import type { NodeRequest, NodeResponse } from '../types.js'

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
  const prefixed = prefixedName(settings.name, secure, undefined)
  const slots = Array.from({ length: slotCount }, (_, slot) => `${prefixed}.tx.${slot}`)
  const target = `${prefixed}.to`
  const carriers = createCarriers([...slots, target], settings)
  return (req, res) => {
    const opened = new Map<string, Carried>()
    const open = (name: string): Carried => {
      const known = opened.get(name)
      if (known !== undefined) return known
      const carried = new Carried(req, secure)
      carriers.get(name)?.(carried, res, () => undefined)
      opened.set(name, carried)
      return carried
    }
    const isTaken = (name: string): boolean => req.headers.cookie?.includes(`${name}=`) === true
    return {
      slots,
      target,
      isTaken,
      read(name) {
        // An open slot wraps writeHead(), and most browsers have one of these cookies at most.
        if (!opened.has(name) && !isTaken(name)) return undefined
        const sealed = open(name).session?.['sealed']
        return typeof sealed === 'string' ? sealed : undefined
      },
      write(name, sealed) {
        open(name).session = { sealed }
      },
      remove(name) {
        open(name).session = null
      },
      bytes: (name, sealed) => name.length + Math.ceil(JSON.stringify({ sealed }).length / 3) * 4 + '=; '.length,
    }
  }
}

function createCarriers(
  names: readonly string[],
  { secure, formPost, maxAgeSeconds }: TransactionCookieSettings,
): ReadonlyMap<string, Carrier> {
  const sameSite = formPost && secure ? 'none' : 'lax'
  const options = { signed: false, httpOnly: true, path: '/', secure, sameSite, maxAge: maxAgeSeconds * 1000 } as const
  return new Map(
    names.map((name): [string, Carrier] => {
      const carrier: unknown = cookieSession({ ...options, name })
      // eslint-disable-next-line @typescript-eslint/consistent-type-assertions -- its types speak of Express, but it reads these members only
      return [name, carrier as Carrier]
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
