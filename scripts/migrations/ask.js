/**
 * Asks an application once, as a program does, and says what it answered: status and body where it is well, else the status, and the error of the challenge
 * (`WWW-Authenticate`), or where a redirect leads.
 */
export async function ask({ home, issuer }, path, { token, headers = {}, ...options } = {}) {
  const authorization = token === undefined ? {} : { authorization: `Bearer ${token}` }
  const sent = { accept: 'application/json', ...authorization, ...headers }
  const response = await fetch(home + path, { redirect: 'manual', headers: sent, ...options })
  const text = await response.text()
  if (response.ok) return `${response.status} ${text}`.trim()
  const location = response.headers.get('location')
  if (location !== null) return `${response.status} to ${placeOf(new URL(location, home), home, issuer)}`
  const challenge = response.headers.get('www-authenticate')
  if (challenge === null) return response.status === 401 ? '401, no challenge' : `${response.status}`
  const [, error] = /error="([^"]*)"/.exec(challenge) ?? []
  return error === undefined ? `${response.status}` : `${response.status} ${error}`
}

const placeOf = (url, home, issuer) =>
  url.origin === new URL(issuer).origin ? 'the provider' : url.href.replace(home, '').split('?')[0]
