import { isOidcError } from '../../../base/error-cause.js'
import { nowSeconds, type Runtime } from '../../../base/runtime.js'
import type { TraceRemark } from '../../../base/tracing/event.js'
import type { Application } from '../../../relying-party/application.js'
import { createStatelessStorage } from '../../../session/storage/stateless.js'
import { fail, type Finding, ok, unknown, warn } from '../finding.js'

const check = 'cookie-budget'
const maxTokens = 32_768

/**
 * Says how much room tokens have in the session's cookies.
 *
 * @param tokenLength - characters of a token of this provider, if one was measured
 */
export function checkCookies(application: Application, tokenLength: number | undefined): Finding {
  const { session } = application.configuration
  if (session.use === 'request') {
    return unknown(
      check,
      'the login is kept in req.session',
      'look at the limits of the session middleware and its store',
    )
  }
  if (session.store !== undefined) return ok(check, 'sessions are in a store: the cookie has about 300 bytes')
  const write = writerFor(application)
  const room = `session.maxCookieBytes ${session.maxCookieBytes} has room for about ${roundDown(largest(write))} characters of tokens`
  const store =
    'if they are longer, keep sessions on the server ("session.store"), or have the provider put less into them'
  if (tokenLength === undefined) {
    const fix = `sign in once and see the size of the tokens (or --measure, which requests one for the client itself); ${store}`
    return unknown(check, `${room}: ID Token, access token and refresh token together`, fix)
  }
  const three = `${room}, and three tokens as long as one that the provider gave this client (${tokenLength}) are ${3 * tokenLength}`
  const remarks = write(3 * tokenLength)
  if (remarks === undefined) return fail(check, `${three}: a login would end with session_too_large`, store)
  if (remarks.some(isLoss)) return warn(check, `${three}: a session would leave some of them out`, store)
  return ok(check, `${three}; those of people may be longer`)
}

type Write = (characters: number) => readonly TraceRemark[] | undefined

// Writes a session with the code of the middleware: `undefined` if it does not fit.
function writerFor(application: Application): Write {
  const { configuration, baseUrls, audience, runtime } = application
  const { cookie, maxCookieBytes: maxBytes, ...limits } = configuration.session
  const [name = 'oidc'] = baseUrls.cookieNames
  const { secure } = baseUrls
  return (characters) => {
    let found: readonly TraceRemark[] = []
    const storage = createStatelessStorage({
      ...{ name, secure, sameSite: cookie.sameSite === 'Strict' ? 'strict' : 'lax', transient: cookie.transient },
      ...(cookie.domain === undefined ? {} : { domain: cookie.domain }),
      ...{ secrets: configuration.secret, audience, runtime, maxBytes, limits },
      remark: (remarks) => (found = remarks),
    })
    try {
      storage.write(sessionOf(characters, runtime), {})
      return found
    } catch (error) {
      if (isOidcError(error)) return undefined
      throw error
    }
  }
}

function sessionOf(characters: number, runtime: Runtime) {
  const third = (): string => token(characters / 3, runtime)
  const now = nowSeconds(runtime)
  const tokens = {
    accessToken: third(),
    refreshToken: third(),
    tokenType: 'bearer',
    scope: 'openid profile email',
    expiresAt: now + 3600,
  }
  const id = runtime.randomBytes(32).toString('base64url')
  return { id, createdAt: now, touchedAt: now, idToken: third(), tokens: { ...tokens, obtainedAt: now }, data: {} }
}

// Like a JWT, and like no claims: what is random cannot be compressed.
function token(characters: number, runtime: Runtime): string {
  const length = Math.max(3, Math.floor(characters))
  const text = runtime.randomBytes(length).toString('base64url').slice(0, length)
  const [head, body] = [Math.floor(length / 8), Math.floor((length * 5) / 8)]
  return [text.slice(0, head), text.slice(head, body), text.slice(body, length - 2)].join('.')
}

function largest(write: Write): number {
  let [fits, tooLong] = [0, maxTokens]
  while (tooLong - fits > 60) {
    const middle = Math.floor((fits + tooLong) / 2)
    const remarks = write(middle)
    if (remarks === undefined || remarks.some(isLoss)) tooLong = middle
    else fits = middle
  }
  return fits
}

const isLoss = (remark: TraceRemark): boolean => remark.endsWith('_left_out')
const roundDown = (characters: number): number => Math.floor(characters / 100) * 100
