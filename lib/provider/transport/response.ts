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
  toResponse({ text = this.text, without, contentType }: ResponseChanges = {}): Response {
    const headers: Record<string, string> = { ...this.#headers }
    // The body is decoded by now, so headers that speak of its encoding would be wrong.
    for (const name of ['content-encoding', 'content-length', without ?? '']) Reflect.deleteProperty(headers, name)
    if (contentType !== undefined) headers['content-type'] = contentType
    const { status } = this
    if (status === 200) return readResponse(text, headers)
    return new Response(status === 204 || status === 205 ? null : text, { status, headers })
  }
}

// Its body is at hand: it is not made a stream only to be read again. Not a class, which would load fetch with this package.
function readResponse(text: string, headers: Readonly<Record<string, string>>): Response {
  const json = (): unknown => JSON.parse(text)
  return Object.assign(new Response(null, { headers }), { text: async () => text, json: async () => json() })
}
