/** The cookies of one browser at one application. */
export class CookieJar {
  readonly #cookies = new Map<string, string>()

  /** Takes `Set-Cookie` values; one that has expired removes its cookie. */
  take(values: readonly string[]): void {
    for (const value of values) {
      const [pair = '', ...attributes] = value.split(';').map((part) => part.trim())
      const name = pair.slice(0, pair.indexOf('='))
      if (name === '') continue
      if (attributes.some(isOver)) this.#cookies.delete(name)
      else this.#cookies.set(name, pair)
    }
  }

  /** The `Cookie` header. */
  get header(): string {
    return [...this.#cookies.values()].join('; ')
  }
}

// Only removals have dates of the past here: the clock of a test may be ahead of this one.
function isOver(attribute: string): boolean {
  const [name = '', value = ''] = attribute.split('=')
  if (/^max-age$/i.test(name)) return Number(value) <= 0
  return /^expires$/i.test(name) && Date.parse(value) < Date.parse('2000-01-01')
}
