import * as v from 'valibot'
import { ConfigurationError } from '../../errors.js'
import { adviceFor } from '../synonyms.js'
import { kindOf } from '../given.js'
import { hasMethods } from './stores.js'

/**
 * Checks options against a schema and returns the frozen result.
 *
 * @param call The call that got the options, such as `oidc()`: messages begin with it.
 * @throws {ConfigurationError} `invalid_options`. The message lists every invalid input, and what was expected.
 */
export function parseOptions<Schema extends v.GenericSchema>(
  call: string,
  schema: Schema,
  input: unknown,
): v.InferOutput<Schema> {
  if (isRequest(input)) throw notCalled(call)
  return freezePlain(checkOptions(call, schema, input))
}

/** The same for options that hold objects of the caller, which are not to be frozen. */
export function checkOptions<Schema extends v.GenericSchema>(
  call: string,
  schema: Schema,
  input: unknown,
): v.InferOutput<Schema> {
  const result = v.safeParse(schema, input)
  if (result.success) return result.output
  const problems = new Set(result.issues.map((issue) => `  - ${describeIssue(issue)}`))
  throw new ConfigurationError('invalid_options', `${call}: invalid options\n${[...problems].join('\n')}`)
}

/**
 * The error where a function that makes middleware was mounted itself, and so was called with a request.
 *
 * @param call - such as `requireAuth()`
 */
export function notCalled(call: string): ConfigurationError {
  const message = `${call}: invalid options\n  - options must not be a request: ${call} makes the middleware, so call it, as in app.use(${call.replace('()', '(…)')}), and do not mount ${call.replace('()', '')} itself`
  return new ConfigurationError('invalid_options', message)
}

/** Whether a value is a request of Node, or of a framework on it. */
export function isRequest(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false
  const [method, url, headers]: readonly unknown[] = ['method', 'url', 'headers'].map((name): unknown =>
    Reflect.get(value, name),
  )
  return typeof method === 'string' && typeof url === 'string' && typeof headers === 'object'
}

/** An object schema that refuses unknown keys with a suggestion, and describes what a missing key should be. */
export function section<const Entries extends v.ObjectEntries>(entries: Entries) {
  const known = Object.keys(entries)
  const object = v.strictObject(entries, (issue) => {
    const last: unknown = issue.path?.at(-1)?.key
    const key = typeof last === 'string' ? last : ''
    if (issue.expected === 'never') return unknownKey(key, known)
    const entry = Object.hasOwn(entries, key) ? entries[key] : undefined
    return entry === undefined ? 'must be an object' : `is missing: expected ${descriptionOf(entry)}`
  })
  return v.pipe(object, v.rawCheck<v.InferOutput<typeof object>>(refuseOtherKeys(known)))
}

// A strict object reports the first unknown key only.
function refuseOtherKeys(known: readonly string[]) {
  return <Output>({ dataset, addIssue }: v.RawCheckContext<Output>): void => {
    const first = dataset.issues?.find(({ expected, path }) => expected === 'never' && path?.length === 1)?.path?.[0]
    if (first?.type !== 'object') return
    const { input } = first
    for (const key of Object.keys(input).filter((each) => each !== first.key && !known.includes(each))) {
      const path: [v.IssuePathItem] = [{ type: 'object', origin: 'value', input, key, value: input[key] }]
      addIssue({ message: unknownKey(key, known), path })
    }
  }
}

/** Rules between the members of an object, with their messages, which may depend on the members. */
export type Rules<Options> = readonly (readonly [
  holds: (options: Options) => boolean,
  message: string | ((options: Options) => string),
])[]

/**
 * Checks rules between members once each member is valid. The first broken rule is reported.
 *
 * @returns the check, with its rules: the pages about options list them
 */
export function keepsRules<Options>(rules: Rules<Options>) {
  const check = v.rawCheck<Options>(({ dataset, addIssue }) => {
    if (!dataset.typed || dataset.issues !== undefined) return
    const [, message] = rules.find(([holds]) => !holds(dataset.value)) ?? []
    if (message !== undefined) addIssue({ message: typeof message === 'string' ? message : message(dataset.value) })
  })
  return { ...check, rules }
}

/** The rule that a function finds no flaw in the value. What it returns is the message. */
export function hasNoFlaw<Value>(flawOf: (value: Value) => string | undefined) {
  return v.check<Value, (issue: v.CheckIssue<Value>) => string>(
    (value) => flawOf(value) === undefined,
    ({ input }) => flawOf(input) ?? '',
  )
}

/** A section that may be left out: every member has a default, so an empty object is complete. */
export function byDefault<Entries extends v.ObjectEntries>(entries: Entries) {
  // Every caller passes members with defaults, which the type cannot express.
  return v.optional(section(entries), {} as never)
}

// A longer list hides the other problems.
const maxListed = 12

function unknownKey(key: string, known: readonly string[]): string {
  const advice = adviceFor(key, known)
  if (advice !== undefined) return `is not an option: ${advice}`
  const isLong = known.length > maxListed && closestName(key, known) === undefined
  return `is not an option: ${isLong ? 'docs/options lists them' : suggestion(key, known)}`
}

/** What a name that is not known was meant to be: the closest one, or else one of those that there are. */
export function suggestion(typed: string, known: readonly string[]): string {
  const closest = closestName(typed, known)
  return closest === undefined ? `known are ${known.join(', ')}` : `did you mean "${closest}"?`
}

function descriptionOf(schema: v.ObjectEntries[string]): string {
  return v.getDescription(schema) ?? schema.expects
}

function describeIssue(issue: v.BaseIssue<unknown>): string {
  const path = (issue.path ?? []).map(({ key }) => String(key))
  const subject = path.length === 0 ? 'options' : `"${path.reduce(joinPath)}"`
  // valibot's own messages quote the value, which may be a secret: only its type is named here.
  if (!issue.message.startsWith('Invalid ')) return `${subject} ${issue.message}${given(issue)}`
  return `${subject} is invalid: expected ${issue.expected ?? 'another value'}, received ${typeof issue.input}`
}

// Only what is a mistake in itself: rules between options name what they are about.
function given({ kind, path, input, message }: v.BaseIssue<unknown>): string {
  const isRule = path === undefined && kind !== 'schema'
  return isRule || !/^(?:must|is invalid)/.test(message) || message.includes('(given: ')
    ? ''
    : ` (given: ${kindOf(input)})`
}

// Keys such as URLs stand in brackets.
function joinPath(path: string, key: string): string {
  return /^[\w-]+$/.test(key) ? `${path}.${key}` : `${path}[${key}]`
}

// The caller's own objects must not be frozen: only copies are.
function freezePlain<T>(value: T): T {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return value
  if (!Array.isArray(value) && Object.getPrototypeOf(value) !== Object.prototype) return value
  if (hasMethods(value, ['get', 'set'])) return value
  for (const member of Object.values(value)) freezePlain(member)
  return Object.freeze(value)
}

/** The known name closest to a mistyped one, if it is close enough. */
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
