/** What a value is, for messages. Texts may be secrets, so only URLs and a few words are repeated. */
export function kindOf(value: unknown): string {
  if (value === undefined || value === null) return value === null ? 'null' : 'nothing'
  if (typeof value === 'number' || typeof value === 'boolean') return String(value)
  if (typeof value === 'string') return textKind(value)
  if (Array.isArray(value)) return `a list of ${value.length}`
  return typeof value === 'function' ? 'a function' : 'an object'
}

const plainWords = /^(?:none|lax|strict|true|false|yes|no|on|off)$/i
const plainUrl = /^https?:\/\/[A-Za-z0-9.:[\]-]{1,80}(?:\/[A-Za-z0-9._-]{1,32}){0,4}\/?$/

function textKind(text: string): string {
  if (plainWords.test(text) || plainUrl.test(text)) return JSON.stringify(text)
  return `a text of ${text.length} characters`
}

/** The message where an option has no value; `what` completes "expected …". */
export function missing(what: string): string {
  return `is missing: expected ${what} (an environment variable that is not set?)`
}

/** Why a text is not a URL, for messages: whether the scheme is missing, or there are spaces. */
export function schemeHint(url: string): string {
  if (url !== url.trim()) return ': it begins or ends with a space'
  if (/^https?:\/\//i.test(url)) return ''
  return `: it has no https:// (or http://) at its beginning${plainHost.test(url) ? `, as in "https://${url}"` : ''}`
}

// Nothing like a password: in lower case, and the last label is a word.
const plainHost = /^(?=.{1,80}$)(?:[a-z0-9-]+\.)+[a-z]{2,24}(?:\/[a-z0-9._-]{1,32}){0,4}\/?$/
