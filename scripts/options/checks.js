// What the checks of lib/options demand, read from valibot's schemas.

/**
 * Members of the objects that a schema accepts, by path: `messages` of their checks, and the default.
 *
 * @returns a map; under the empty path, and that of each object, the rules between members
 */
export function checksOf(schema) {
  const found = new Map()
  collect(schema, '', found)
  return found
}

function collect(schema, path, found) {
  note(found, path, messagesOf(schema))
  for (const [object, at] of objectsIn(schema, path)) {
    if (at !== path) note(found, at, [])
    for (const [name, entry] of Object.entries(object.entries)) {
      const own = at === '' ? name : `${at}.${name}`
      if (found.has(own) && found.get(own).visited) continue
      note(found, own, messagesOf(entry), defaultOf(entry))
      Object.assign(found.get(own), { visited: true, isMember: true })
      collect(entry, own, found)
    }
  }
}

function note(found, path, messages, value) {
  const before = found.get(path) ?? { messages: [], default: undefined, visited: false }
  found.set(path, {
    ...before,
    messages: [...new Set([...before.messages, ...messages])],
    default: before.default ?? value,
  })
}

function defaultOf(schema) {
  const given = schema.type === 'optional' ? schema.default : undefined
  return ['string', 'number', 'boolean'].includes(typeof given) ? given : undefined
}

// Values that make a lazy schema show each of its forms.
const anyObject = new Proxy({}, { has: () => true })
const probes = [undefined, {}, anyObject, [], [{}], () => undefined, 'x', true, false]

/** The schemas of a value itself, and not of its members. */
function alternatives(schema, seen = new Set()) {
  if (schema === undefined || schema === null || seen.has(schema)) return []
  seen.add(schema)
  const inner = [
    ...(schema.wrapped === undefined ? [] : [schema.wrapped]),
    ...(schema.options?.filter?.((each) => each?.kind === 'schema') ?? []),
    ...(schema.pipe?.filter((each) => each.kind === 'schema' && each !== schema) ?? []),
    ...(schema.type === 'lazy' ? probes.flatMap((probe) => formOf(schema, probe)) : []),
  ]
  return [schema, ...inner.flatMap((each) => alternatives(each, seen))]
}

function formOf(schema, probe) {
  try {
    return [schema.getter(probe)]
  } catch {
    return []
  }
}

function objectsIn(schema, path) {
  return alternatives(schema).flatMap((each) => {
    if (each.entries !== undefined) return [[each, path]]
    if (each.type === 'array') return objectsIn(each.item, `${path}[]`)
    if (each.type === 'record') return objectsIn(each.value, `${path}.*`)
    return []
  })
}

/** Messages that say what a value must be: of its schemas and of their checks. */
function messagesOf(schema) {
  const own = alternatives(schema).flatMap((each) => [
    each.message,
    ...(each.pipe ?? []).flatMap(({ kind, message, rules = [] }) =>
      kind === 'validation' ? [message, ...rules.map(([, text]) => text)] : [],
    ),
  ])
  return own.filter((message) => typeof message === 'string')
}
