import { IncomingMessage } from 'node:http'
import type { NodeRequest } from '../types.js'

/**
 * Reads a member of a request, on hot paths. Under Express each request has its own hidden class (see {@link RequestMember}),
 * which defeats inline caches: `req.name` takes several times as long.
 */
export function readMember<Request extends NodeRequest, Name extends keyof Request>(
  req: Request,
  name: Name,
): Request[Name] {
  return Reflect.get(req, name)
}

/**
 * A member that this package adds to requests, such as `req.auth`. It is computed when it is read, is not enumerable, and can
 * be overwritten by the application.
 *
 * It is defined on the prototype that all requests of this copy of Express share, as Express' own members are: Express
 * replaces the prototype of each request, and after that, defining an own property costs more than a microsecond. Requests
 * with Node's prototype, or with another member of that name, get an own property.
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

  /** Adds the member to a request, in place of any other of this name. */
  giveTo(req: NodeRequest): void {
    const holder = this.#holderOf(req) ?? this.#prepare(req)
    if (holder === undefined || !this.#prepared.has(holder)) Object.defineProperty(req, this.#name, this.#descriptor)
  }

  // The object, among a request and its prototypes, that has a member of this name.
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

// `app.request` inherits from that of the application it is mounted in, and finally from `express.request`.
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
