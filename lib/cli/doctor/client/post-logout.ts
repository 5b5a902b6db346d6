import { fail, type Finding, ok, unknown } from '../finding.js'
import { isReply } from '../reach/requests.js'
import type { ClientServer } from '../server.js'

const check = 'post-logout-redirect-uri'
// Nobody can have registered a name below .invalid (RFC 2606 section 2).
const never = 'https://never-registered.invalid/'

/**
 * Asks the provider's logout, without a browser, for a way back to a URI. There is no session that it could end. Providers need not
 * look at the URI without an ID Token, so the answer counts only if one that cannot be registered is answered otherwise.
 */
export async function checkPostLogout(server: ClientServer, uri: string): Promise<readonly Finding[]> {
  const { logout } = server.configuration
  if (!logout.atProvider) return []
  const own = await statusOf(server, uri)
  if (own === undefined) return []
  const [other, none] = await Promise.all([statusOf(server, never), statusOf(server, undefined)])
  return [findingOf({ own, other, none }, uri)]
}

interface Statuses {
  /** For the application's URI, one that cannot be registered, and none. */
  readonly own: number
  readonly other: number | undefined
  readonly none: number | undefined
}

function findingOf({ own, other = 0, none = 0 }: Statuses, uri: string): Finding {
  if (isGood(own) && isRefusal(other)) return ok(check, `the provider takes ${uri}, and refuses another one`)
  if (isRefusal(own) && isRefusal(other) && isGood(none)) {
    const message = `the provider refuses ${uri} after a logout (status ${own})`
    return fail(
      check,
      message,
      `register exactly ${uri} as post-logout redirect URI of this client; if it is there, check the client ID`,
    )
  }
  const message = `the answer to a logout with ${uri} proves nothing (status ${own}, as others may get it)`
  return unknown(check, message, `compare what is registered with ${uri}, or sign out once`)
}

const isGood = (status: number): boolean => status >= 200 && status < 400
const isRefusal = (status: number): boolean => status >= 400 && status < 500 && status !== 429

// `undefined` if there is no endpoint, or no answer.
async function statusOf(server: ClientServer, uri: string | undefined): Promise<number | undefined> {
  const { provider, configuration, requests } = server
  const { params, redirectParameter } = configuration.logout
  const url = await provider.endSessionUrl({
    params,
    redirectParameter,
    ...(uri === undefined ? {} : { postLogoutRedirectUri: uri }),
  })
  if (url === undefined) return undefined
  const outcome = await requests.send(url, { headers: { accept: 'text/html' } })
  return isReply(outcome) ? outcome.status : undefined
}
