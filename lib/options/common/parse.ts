import * as v from 'valibot'
import { ConfigurationError } from '../../errors.js'
import { hasMethods } from './stores.js'

/**
 * Checks what a user wrote against a schema and returns the frozen result.
 *
 * @param call The call that took the options, such as `oidc()`: messages begin with it.
 * @throws {ConfigurationError} `invalid_options`, naming every input that is wrong and what was expected of it.
 */
export function parseOptions<Schema extends v.GenericSchema>(
  call: string,
  schema: Schema,
  input: unknown,
): v.InferOutput<Schema> {
  const result = v.safeParse(schema, input)
  if (result.success) return freezePlain(result.output)
  const problems = new Set(result.issues.map((issue) => `  - ${describeIssue(issue)}`))
  throw new ConfigurationError('invalid_options', `${call}: invalid options\n${[...problems].join('\n')}`)
}

/** An object schema that refuses unknown keys with a suggestion, and says of a missing key what it should be. */
export function section<const Entries extends v.ObjectEntries>(
  entries: Entries,
): v.StrictObjectSchema<Entries, v.ErrorMessage<v.StrictObjectIssue>> {
  return v.strictObject(entries, (issue) => {
    const last: unknown = issue.path?.at(-1)?.key
    const key = typeof last === 'string' ? last : ''
    if (issue.expected === 'never') return unknownKey(key, Object.keys(entries))
    const entry = Object.hasOwn(entries, key) ? entries[key] : undefined
    return entry === undefined ? 'must be an object' : `is missing: expected ${descriptionOf(entry)}`
  })
}

/** What members of an object demand of each other, each with the message for where it does not hold. */
export type Rules<Options> = readonly (readonly [holds: (options: Options) => boolean, message: string])[]

/** The check of rules between members, each of which has to be right first. The first that is broken is the one reported. */
export function keepsRules<Options>(rules: Rules<Options>) {
  return v.rawCheck<Options>(({ dataset, addIssue }) => {
    if (!dataset.typed || dataset.issues !== undefined) return
    const broken = rules.find(([holds]) => !holds(dataset.value))
    if (broken !== undefined) addIssue({ message: broken[1] })
  })
}

/** A section that may be left out: every member of it has a default, so that an empty object is a whole one. */
export function byDefault<Entries extends v.ObjectEntries>(entries: Entries) {
  // True of its callers, which the type cannot tell.
  return v.optional(section(entries), {} as never)
}

function unknownKey(key: string, known: readonly string[]): string {
  const closest = closestName(key, known)
  return `is not an option: ${closest === undefined ? `known are ${known.join(', ')}` : `did you mean "${closest}"?`}`
}

function descriptionOf(schema: v.ObjectEntries[string]): string {
  return v.getDescription(schema) ?? schema.expects
}

function describeIssue(issue: v.BaseIssue<unknown>): string {
  const path = v.getDotPath(issue)
  const subject = path === null ? 'options' : `"${path}"`
  // valibot's own messages quote what was received, which may be a secret: only its type is told.
  if (!issue.message.startsWith('Invalid ')) return `${subject} ${issue.message}`
  return `${subject} is invalid: expected ${issue.expected ?? 'another value'}, received ${typeof issue.input}`
}

// What a caller gave is left as it is: only copies are frozen.
function freezePlain<T>(value: T): T {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return value
  if (!Array.isArray(value) && Object.getPrototypeOf(value) !== Object.prototype) return value
  if (hasMethods(value, ['get', 'set'])) return value
  for (const member of Object.values(value)) freezePlain(member)
  return Object.freeze(value)
}

/** The known name closest to a mistyped one, when it is close enough to be what was meant. */
export function closestName(typed: string, known: readonly string[]): string | undefined {
  const lower = typed.toLowerCase()
  let best: string | undefined
  let bestDistance = Math.max(2, Math.floor(typed.length / 3)) + 1
  for (const name of known) {
    const distance = editDistance(lower, name.toLowerCase())
    if (distance < bestDistance) {
      best = name
      bestDistance = distance
    }
  }
  return best
}

function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index)
  for (const [i, letter] of Array.from(a).entries()) {
    let diagonal = i
    let left = i + 1
    const next = [left]
    for (const [j, above] of row.slice(1).entries()) {
      left = Math.min(left + 1, above + 1, diagonal + (letter === b[j] ? 0 : 1))
      diagonal = above
      next.push(left)
    }
    row = next
  }
  return row.at(-1) ?? 0
}
