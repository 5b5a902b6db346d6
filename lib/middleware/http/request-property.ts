import { IncomingMessage } from 'node:http'
import type { NodeRequest } from '../types.js'

/**
 * Reads a member of a request, for what is done to every request. Under Express each request has a hidden class of its own
 * (see {@link RequestMember}), so that inline caches never know it: the plain spelling takes several times as long.
 */
export function readMember<Request extends NodeRequest, Name extends keyof Request>(
  req: Request,
  name: Name,
): Request[Name] {
  return Reflect.get(req, name)
}

/**
 * A member that this package gives to requests, such as `req.auth`: computed when it is read, not enumerable, and the
 * application may put a value of its own there.
 *
 * It goes to the prototype that all requests of this copy of Express share, as Express' own members do: Express exchanges
 * the prototype of each request, after which every property of a request's own costs more than a microsecond. Where
 * requests have Node's prototype, which is not ours to change, or find something else of that name on the way, each gets it.
 */
export class RequestMember {
  readonly #name: string
  readonly #descriptor: PropertyDescriptor
  readonly #prepared = new WeakSet<object>()

  constructor(name: string, read: (req: NodeRequest) => unknown) {
    this.#name = name
    this.#descriptor = {
      configurable: true,
      enumerable: false,
      get(this: NodeRequest) {
        return read(this)
      },
      set(this: NodeRequest, value: unknown) {
        Object.defineProperty(this, name, { value, configurable: true, enumerable: true, writable: true })
      },
    }
  }

  /** Gives a request the member, whatever it had of this name. */
  giveTo(req: NodeRequest): void {
    const holder = this.#holderOf(req) ?? this.#prepare(req)
    if (holder === undefined || !this.#prepared.has(holder)) Object.defineProperty(req, this.#name, this.#descriptor)
  }

  // Where a request finds something of this name.
  #holderOf(req: NodeRequest): object | undefined {
    let holder: object | null = req
    while (holder !== null && !Object.hasOwn(holder, this.#name)) holder = Reflect.getPrototypeOf(holder)
    return holder ?? undefined
  }

  #prepare(req: NodeRequest): object | undefined {
    const base = sharedPrototype(req)
    if (base === undefined || !Reflect.defineProperty(base, this.#name, this.#descriptor)) return undefined
    this.#prepared.add(base)
    return base
  }
}

// An application's `app.request` inherits from that of the application it is mounted in, and at last from `express.request`.
function sharedPrototype(req: NodeRequest): object | undefined {
  let prototype = Reflect.getPrototypeOf(req)
  if (prototype === null || !isRequestOfApp(prototype)) return undefined
  while (prototype !== null && isRequestOfApp(prototype)) prototype = Reflect.getPrototypeOf(prototype)
  const isOfExpress = prototype !== null && Reflect.getPrototypeOf(prototype) === IncomingMessage.prototype
  return isOfExpress ? (prototype ?? undefined) : undefined
}

function isRequestOfApp(prototype: object): boolean {
  if (!Object.hasOwn(prototype, 'app')) return false
  const app: unknown = Reflect.get(prototype, 'app')
  return typeof app === 'function' && Reflect.get(app, 'request') === prototype
}
