/** What is to be different in a `Response`. */
export interface ResponseChanges {
  readonly text?: string
  /** Lower-case name of a header that is left out. */
  readonly without?: string
  readonly contentType?: string
}

/** An answer that was read to its end. */
export class HttpResponse {
  readonly status: number
  /** The body, decoded as UTF-8. */
  readonly text: string
  readonly #headers: Readonly<Record<string, string>>

  constructor(status: number, headers: Readonly<Record<string, string>>, text: string) {
    this.status = status
    this.text = text
    this.#headers = headers
  }

  /** The value of a header by its lower-case name. */
  header(name: string): string | undefined {
    return Object.hasOwn(this.#headers, name) ? this.#headers[name] : undefined
  }

  /** The same with changes, for libraries that read a `Response`. */
  toResponse({ text = this.text, without, contentType }: ResponseChanges = {}): BufferedResponse {
    const headers: Record<string, string> = { ...this.#headers }
    // The body is decoded by now, so headers that speak of its encoding would be wrong.
    for (const name of ['content-encoding', 'content-length', without ?? '']) Reflect.deleteProperty(headers, name)
    if (contentType !== undefined) headers['content-type'] = contentType
    return new BufferedResponse(this.status, new Headers(headers), text)
  }
}

/**
 * A response whose body is at hand, so it can be read as often as one likes. It is a class of our own, since the global
 * `Response` may be anybody's: some servers replace it with one that cannot be built or read in the usual way.
 */
export class BufferedResponse implements Response {
  readonly status: number
  readonly headers: Headers
  readonly ok: boolean
  readonly statusText = ''
  readonly type = 'default'
  readonly url = ''
  readonly redirected = false
  readonly body = null
  readonly bodyUsed = false
  readonly #text: string

  constructor(status: number, headers: Headers, text: string) {
    this.status = status
    this.headers = headers
    this.ok = status >= 200 && status < 300
    this.#text = text
  }

  // oauth4webapi takes for a `Response` what has the tag of the global class of that moment.
  get [Symbol.toStringTag](): unknown {
    const tag: unknown = Reflect.get(globalThis.Response.prototype, Symbol.toStringTag)
    return tag
  }

  readonly text = async (): Promise<string> => this.#text

  readonly json = async (): Promise<unknown> => JSON.parse(this.#text)

  readonly clone = (): BufferedResponse => new BufferedResponse(this.status, new Headers(this.headers), this.#text)

  readonly blob = async (): Promise<Blob> => new Blob([this.#text])

  readonly arrayBuffer = async (): Promise<ArrayBuffer> => (await this.blob()).arrayBuffer()

  readonly bytes = async (): Promise<Uint8Array<ArrayBuffer>> => new Uint8Array(await this.arrayBuffer())

  readonly formData = (): Promise<never> => Promise.reject(new TypeError('the response is not a form'))
}
