import type { NodeRequest } from './types.js'

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
 * It goes to the prototype that an Express application has for its requests, as Express' own members do: Express exchanges
 * the prototype of each request, after which every property of a request's own costs more than a microsecond. Where
 * requests have Node's prototype, which is not ours to change, each request gets it.
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
    const prototype = Reflect.getPrototypeOf(req)
    const isInherited = prototype !== null && this.#isPrepared(prototype) && !Object.hasOwn(req, this.#name)
    if (!isInherited) Object.defineProperty(req, this.#name, this.#descriptor)
  }

  #isPrepared(prototype: object): boolean {
    if (this.#prepared.has(prototype)) return true
    if (!isRequestOfApp(prototype)) return false
    const top = topmost(prototype)
    if (Object.hasOwn(top, this.#name) && !this.#prepared.has(top)) return false
    if (!Reflect.defineProperty(top, this.#name, this.#descriptor)) return false
    this.#prepared.add(top).add(prototype)
    return true
  }
}

// Every Express application has a prototype of its own, `app.request`. Others, such as those of test doubles, are shared.
function isRequestOfApp(prototype: object): boolean {
  if (!Object.hasOwn(prototype, 'app')) return false
  const app: unknown = Reflect.get(prototype, 'app')
  return typeof app === 'function' && Reflect.get(app, 'request') === prototype
}

// A request leaves an application that is mounted in another with that one's prototype, of which the inner one inherits.
function topmost(prototype: object): object {
  const outer = Reflect.getPrototypeOf(prototype)
  return outer !== null && isRequestOfApp(outer) ? topmost(outer) : prototype
}
