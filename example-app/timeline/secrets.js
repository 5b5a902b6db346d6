/** Parameters that may be shown as they are. Everything else is a secret until proven otherwise. */
const open = new Set([
  'acr_values',
  'audience',
  'authorization_endpoint',
  'client_id',
  'code_challenge_method',
  'end_session_endpoint',
  'error',
  'error_description',
  'expires_in',
  'grant_type',
  'iss',
  'issued_token_type',
  'issuer',
  'jwks_uri',
  'max_age',
  'post_logout_redirect_uri',
  'prompt',
  'redirect_uri',
  'resource',
  'response_mode',
  'response_type',
  'return_to',
  'returnTo',
  'scope',
  'sessions',
  'subject_token_type',
  'token_endpoint',
  'token_type',
  'told',
  'ui_locales',
])

/**
 * Cuts a secret down to its first six characters.
 *
 * @param {string} value
 * @returns {string}
 */
export function shorten(value) {
  return `${value.slice(0, 6)}…`
}

/**
 * A value that is fit to be shown: secrets shortened, long ones cut.
 *
 * @param {string} name
 * @param {unknown} value
 * @returns {string}
 */
export function presentable(name, value) {
  const text = typeof value === 'string' ? value : (JSON.stringify(value) ?? '')
  if (!open.has(name)) return shorten(text)
  return text.length > 120 ? `${text.slice(0, 120)}…` : text
}

/**
 * Names and presentable values of a query, a form or a JSON object.
 *
 * @param {Iterable<[string, unknown]>} entries
 * @returns {[string, string][]}
 */
export function carried(entries) {
  return [...entries].map(([name, value]) => [name, presentable(name, value)])
}
