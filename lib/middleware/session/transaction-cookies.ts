import type cookieSession from 'cookie-session'
import { prefixedName } from '../../http/cookies.js'
import type { TransactionCookies } from '../../relying-party/login/transaction/transaction.js'
import type { NodeRequest, NodeResponse } from '../types.js'

/** More slots than pending logins at most: tabs that start at the same moment seldom choose the same one. */
const slotCount = 8

// What is around a sealed value before cookie-session encodes it in base64.
const wrapping = JSON.stringify({ sealed: '' }).length

const common = { signed: false, httpOnly: true, path: '/', sameSite: 'lax' } as const

/** Creates the transaction cookies of one request. The first call loads `cookie-session`, which only logins need. */
export type TransactionCookieFactory = (req: NodeRequest, res: NodeResponse) => Promise<TransactionCookies>

/** Name and attributes of the transaction cookies. */
interface TransactionCookieSettings {
  readonly name: string
  readonly secure: boolean
  readonly maxAgeSeconds: number
}

/**
 * Keeps each transaction in a separate httpOnly cookie, by `cookie-session`: using it for logins in progress is a
 * requirement of this package. Its signing is off, since values are sealed. It works on a stand-in for the request, so the
 * application's own `req.session` is not touched, and `secure` follows the base URL and not the socket, which a proxy may
 * reach over http.
 */
export function createTransactionCookies(settings: TransactionCookieSettings): TransactionCookieFactory {
  const { secure } = settings
  const prefixed = prefixedName(settings.name, secure, undefined)
  const slots = Array.from({ length: slotCount }, (_, slot) => `${prefixed}.tx.${slot}`)
  const target = `${prefixed}.to`
  const options = { ...common, secure, maxAge: settings.maxAgeSeconds * 1000 }
  let loading: Promise<ReadonlyMap<string, Carrier>> | undefined
  return async (req, res) => {
    const carriers = await (loading ??= createCarriers([...slots, target], options))
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
        // Opening a slot wraps writeHead(), and most browsers have at most one of these cookies.
        if (!opened.has(name) && !isTaken(name)) return undefined
        const sealed = open(name).session?.['sealed']
        return typeof sealed === 'string' ? sealed : undefined
      },
      write(name, sealed, isPosted = false) {
        const carried = open(name)
        // Browsers do not send `Lax` cookies with a POST from the provider's site.
        if (isPosted && secure) carried.sessionOptions = { ...options, sameSite: 'none' }
        carried.session = { sealed }
      },
      remove(name) {
        open(name).session = null
      },
      bytes: (name, sealedLength) => name.length + Math.ceil((wrapping + sealedLength) / 3) * 4 + '=; '.length,
    }
  }
}

async function createCarriers(
  names: readonly string[],
  options: CookieAttributes,
): Promise<ReadonlyMap<string, Carrier>> {
  const { default: cookieSession } = await import('cookie-session')
  return new Map(
    names.map((name): [string, Carrier] => {
      const carrier: unknown = cookieSession({ ...options, name })
      // eslint-disable-next-line @typescript-eslint/consistent-type-assertions -- its types speak of Express, but it reads these members only
      return [name, carrier as Carrier]
    }),
  )
}

/** The stand-in for a request that cookie-session works on. */
class Carried {
  readonly headers: NodeRequest['headers']
  readonly socket: NodeRequest['socket']
  readonly protocol: string
  session: Record<string, unknown> | null = null
  /** Attributes of this cookie. */
  sessionOptions: CookieAttributes | undefined

  constructor({ headers, socket }: NodeRequest, secure: boolean) {
    this.headers = headers
    this.socket = socket
    this.protocol = secure ? 'https' : 'http'
  }
}

type CookieAttributes = NonNullable<Parameters<typeof cookieSession>[0]>

type Carrier = (req: Carried, res: NodeResponse, next: () => void) => void
