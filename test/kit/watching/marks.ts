import { randomBytes } from 'node:crypto'
import { inspect } from 'node:util'

/** How long a piece of a secret may be that is seen: shorter ones may be there by chance. */
const window = 12

/** Secrets by all their pieces, as they are and as they would travel: percent-encoded, in base64 and in base64url. */
export class Marks {
  readonly #pieces = new Map<string, string>()

  /** A new random secret. */
  plant(name: string): string {
    const mark = `${name}-${randomBytes(24).toString('base64url')}`
    this.add(mark.slice(name.length + 1))
    return mark
  }

  /** Values that came up while requests were made. */
  add(...values: readonly (string | null | undefined)[]): void {
    for (const value of values)
      if (typeof value === 'string') for (const form of formsOf(value)) this.#learn(form, value)
  }

  /** How many secrets are known. */
  get size(): number {
    return new Set(this.#pieces.values()).size
  }

  /** The pieces of secrets that stand in a text, each with its surroundings. */
  leaksIn(text: string): readonly string[] {
    const leaks = new Map<string, string>()
    for (let at = 0; at + window <= text.length; at++) {
      const secret = this.#pieces.get(text.slice(at, at + window))
      if (secret === undefined || leaks.has(secret)) continue
      leaks.set(secret, `${secret} in: ${text.slice(Math.max(0, at - 200), at + 60)}`)
    }
    return [...leaks.values()]
  }

  #learn(form: string, secret: string): void {
    for (let at = 0; at + window <= form.length; at++) this.#pieces.set(form.slice(at, at + window), secret)
  }
}

function formsOf(value: string): readonly string[] {
  const coded = [0, 1, 2].flatMap((shift) => {
    const bytes = Buffer.concat([Buffer.alloc(shift), Buffer.from(value)])
    // What depends on the neighbours is left out, at both ends.
    return [bytes.toString('base64'), bytes.toString('base64url')].map((text) => text.slice(shift === 0 ? 0 : 3, -4))
  })
  return [value, encodeURIComponent(value), ...coded]
}

/** All that a value shows when it is logged: printed, as JSON, and where it is an error, its words and its causes. */
export function faces(value: unknown, depth = 0): string {
  const printed = [String(value), inspect(value, { depth: Infinity, showHidden: true }), jsonOf(value)]
  if (value instanceof Error && depth < 10) {
    const { name, message, stack } = value
    const members = Reflect.ownKeys(value).map((key) => inspect(Reflect.get(value, key), { depth: Infinity }))
    printed.push(name, message, stack ?? '', ...members, faces(value.cause, depth + 1))
  }
  return printed.join('\n')
}

function jsonOf(value: unknown): string {
  try {
    return JSON.stringify(value) ?? ''
  } catch {
    return ''
  }
}
