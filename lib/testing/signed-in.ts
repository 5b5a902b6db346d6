import { IncomingMessage } from 'node:http'
import { Socket } from 'node:net'
import type * as v from 'valibot'
import { parseUrl } from '../base/url.js'
import { ConfigurationError } from '../errors.js'
import { internals } from '../base/runtime.js'
import { isOidcError } from '../base/error-cause.js'
import { authorizationDetailsIn } from '../options/authorization-details/detail.js'
import { isJsonObject, omitUndefined, parseJsonValue } from '../base/json.js'
import type { HttpRequest } from '../http/request.js'
import type { OidcMiddleware } from '../middleware/oidc-middleware.js'
import type { OidcContext } from '../middleware/session/request-context.js'
import { checkOptions } from '../options/common/parse.js'
import { requireTesting } from '../options/testing.js'
import { type BaseUrl, configuredUrls } from '../relying-party/base-url.js'
import type { BaseUrls } from '../relying-party/base-urls.js'
import type { RelyingParty } from '../relying-party/relying-party.js'
import { sessionData } from '../session/application-data.js'
import type { SessionRecord } from '../session/record.js'
import { signedInOptions } from './schema.js'
import type { SignedInOptions } from './call-options.js'

/**
 * Makes a session for exactly the middleware that it is given, and returns it as a `Cookie` header. No provider is asked, and
 * `onLogin` does not run. The session ends, and is refused elsewhere, like any other one.
 *
 * @example
 * ```ts
 * import { signedIn } from 'express-oidc/testing'
 * import request from 'supertest'
 *
 * const auth = oidc(options)
 * app.use(auth)
 * const cookie = await signedIn(auth, { sub: 'alice', dept: 'hr' })
 * await request(app).get('/hr').set('Cookie', cookie).expect(200)
 * ```
 *
 * @param auth - what `oidc()` returned
 * @param claims - the ID Token's claims. Default of the others: those of a login that has just taken place
 * @throws {ConfigurationError} `invalid_options` for anything but a middleware of `oidc()`, for one with `session.use: 'request'`, and
 *   with `NODE_ENV=production`
 * @throws {SessionError} `session_too_large` or `session_store_unavailable`
 */
export async function signedIn(
  auth: OidcMiddleware<unknown>,
  claims: Readonly<Record<string, unknown>> & { readonly sub: string },
  options: SignedInOptions = {},
): Promise<string> {
  requireTesting('signedIn()')
  const context = contextOf(auth)
  if (!hasSubject(claims)) throw invalid("needs the claim sub: the ID of the person, as in { sub: 'alice' }")
  const checked = checkOptions('signedIn()', signedInOptions, options)
  const { configuration } = context.application
  if (configuration.session.use === 'request') {
    throw invalid(
      "cannot make a session for session.use 'request', which is kept in req.session: use testProvider(), and its signIn()",
    )
  }
  const bases = basesOf(context, checked.baseUrl)
  const rp = await relyingPartyOf(context, checked.provider)
  const cookies: string[] = []
  const names = new Set<string>()
  for (const base of bases) {
    if (names.has(base.cookieName)) continue
    names.add(base.cookieName)
    cookies.push(...(await cookiesOf(context, base, rp, newRecord(rp, claims, checked))))
  }
  return cookies.join('; ')
}

function hasSubject(claims: unknown): boolean {
  return isJsonObject(claims) && typeof claims['sub'] === 'string' && claims['sub'] !== ''
}

function basesOf({ application }: OidcContext, baseUrl: string | undefined): readonly BaseUrl[] {
  const { baseUrls, configuration } = application
  if (configuration.baseUrlOf !== undefined) {
    throw invalid('cannot make a session where "baseUrl" is a function: use testProvider(), and its signIn()')
  }
  if (baseUrl === undefined) {
    if (baseUrls.named.length > 0) return baseUrls.named
    throw invalid('needs the base URL of the session, as { baseUrl: \'https://…\' }: all "baseUrls" are patterns')
  }
  const url = parseUrl(baseUrl)
  const found = url && baseAt(baseUrls, url)
  if (found !== undefined) return [found]
  throw invalid(`takes no { baseUrl: '${baseUrl}' } here: oidc() has ${configuredUrls(configuration).join(', ')}`)
}

function baseAt(baseUrls: BaseUrls, { origin }: URL): BaseUrl | undefined {
  try {
    const base = baseUrls.at(origin)
    return base.origin === origin ? base : undefined
  } catch (error) {
    // No pattern fits it.
    if (isOidcError(error)) return undefined
    throw error
  }
}

async function relyingPartyOf({ relyingParties }: OidcContext, name: string | undefined): Promise<RelyingParty> {
  if (name === undefined && relyingParties.only !== undefined) return relyingParties.only
  const found =
    name === undefined || !relyingParties.areNamed ? undefined : await relyingParties.find(name, anyRequest())
  if (found !== undefined) return found
  if (!relyingParties.areNamed) throw invalid('takes no { provider } here: oidc() has one')
  const names = relyingParties.listed.map((one) => one.name)
  const known = names.length === 0 ? 'a function "providers" finds them' : `oidc() has ${names.join(', ')}`
  throw invalid(
    name === undefined
      ? `needs the name of one of the providers, as { provider: '${names[0] ?? 'name'}' }: ${known}`
      : `knows no provider "${name}": ${known}`,
  )
}

function anyRequest(): IncomingMessage {
  return new IncomingMessage(new Socket())
}

function contextOf(auth: unknown): OidcContext {
  const context = typeof auth === 'function' ? internals().middlewares.get(auth) : undefined
  if (isContext(context)) return context
  throw invalid('takes the middleware that oidc() returned, and not the application or its options')
}

function isContext(value: unknown): value is OidcContext {
  return typeof value === 'object' && value !== null && 'relyingParties' in value && 'storageOf' in value
}

function invalid(why: string): ConfigurationError {
  return new ConfigurationError('invalid_options', `signedIn() ${why}`)
}

async function cookiesOf(
  context: OidcContext,
  base: BaseUrl,
  rp: RelyingParty,
  record: SessionRecord,
): Promise<readonly string[]> {
  const httpRequest = requestTo(base)
  const storage = context.storageOf(anyRequest(), httpRequest)
  const listed = (await context.binding.listed?.enter(record, rp.configuration, httpRequest)) ?? record
  const saved = await storage.save(listed, undefined)
  return storage.write(saved, {}).map((cookie) => cookie.replace(/;.*/, ''))
}

// A request as a new browser would send it.
function requestTo({ host, prefix }: BaseUrl): HttpRequest {
  const path = `${prefix}/`
  return {
    source: undefined,
    method: 'GET',
    target: path,
    path,
    query: '',
    header: (name) => (name === 'host' ? host : undefined),
    cookies: {},
    furtherCookies: () => [],
    form: async () => new URLSearchParams(),
  }
}

function newRecord(
  { configuration, runtime, sessionProvider }: RelyingParty,
  claims: Readonly<Record<string, unknown>>,
  given: v.InferOutput<typeof signedInOptions>,
): SessionRecord {
  const { data = {}, scope, accessToken, refreshToken, expiresIn, authTime, acr } = given
  const authorizationDetails = authorizationDetailsIn(parseJsonValue(given.authorizationDetails ?? ''))
  const now = runtime.now()
  const seconds = Math.floor(now / 1000)
  const usual = {
    iss: configuration.issuer,
    aud: configuration.clientId,
    iat: seconds,
    exp: seconds + 3600,
    auth_time: authTime ?? seconds,
    ...omitUndefined({ acr }),
  }
  return {
    id: runtime.randomBytes(32).toString('base64url'),
    createdAt: now / 1000,
    touchedAt: seconds,
    idToken: unsignedToken({ ...usual, ...claims }, runtime.randomBytes(64)),
    tokens: {
      tokenType: configuration.dpop === undefined ? 'bearer' : 'dpop',
      scope: scope ?? configuration.scope,
      obtainedAt: seconds,
      ...(accessToken === undefined ? {} : { accessToken, expiresAt: seconds + expiresIn }),
      ...omitUndefined({ refreshToken, authorizationDetails }),
    },
    ...omitUndefined({ provider: sessionProvider }),
    data: sessionData('signedIn() takes', data),
  }
}

// Sessions are sealed: the ID Token in them is not verified again. No key made this signature, so nobody else takes the token.
function unsignedToken(claims: object, signature: Buffer): string {
  const header = { alg: 'ES256', typ: 'JWT', kid: 'express-oidc/testing' }
  const encoded = (part: object): string => Buffer.from(JSON.stringify(part)).toString('base64url')
  return `${encoded(header)}.${encoded(claims)}.${signature.toString('base64url')}`
}
