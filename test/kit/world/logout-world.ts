import { randomUUID } from 'node:crypto'
import { SignJWT } from 'jose'
import type { JWK } from 'oidc-provider'
import { type Answer, Browser } from '../../hosts/client.js'
import { rsaKey } from '../provider/keys.js'
import { answering } from './applications.js'
import { bobsDoor, subjectOf } from './steps.js'
import { startWorld, type World, type WorldOptions } from './world.js'

/** The event that makes a token a logout token. */
export const logoutEvent = 'http://schemas.openid.net/event/backchannel-logout'

/** What a provider is given so that {@link mintLogoutToken} can sign for it. */
export const knownJwks = {
  keys: [{ ...rsaKey.privateKey.export({ format: 'jwk' }), use: 'sig', alg: 'RS256', kid: 'known' } as unknown as JWK],
}

/** A logout token for alice, signed as the provider does; `undefined` removes a claim. */
export function mintLogoutToken(
  issuer: string,
  milliseconds: number,
  changes: Record<string, unknown> = {},
  header: Record<string, unknown> = {},
): Promise<string> {
  const now = Math.floor(milliseconds / 1000)
  const claims = {
    iss: issuer,
    aud: 'web',
    sub: 'alice',
    iat: now,
    exp: now + 120,
    jti: randomUUID(),
    events: { [logoutEvent]: {} },
    ...changes,
  }
  return new SignJWT(claims)
    .setProtectedHeader({ alg: 'RS256', kid: 'known', typ: 'logout+jwt', ...header })
    .sign(rsaKey.privateKey)
}

/** A world whose provider registers the application for both kinds of logout, and whose keys the test knows. */
export class LogoutWorld {
  readonly world: World

  constructor(world: World) {
    this.world = world
  }

  static async start(options: WorldOptions = {}): Promise<LogoutWorld> {
    const { layers = [], provider = {}, client = {}, ...rest } = options
    const world = await startWorld({
      ...rest,
      client: (baseUrl) => ({
        backchannel_logout_uri: `${baseUrl}/backchannel-logout`,
        backchannel_logout_session_required: true,
        ...(typeof client === 'function' ? client(baseUrl) : client),
      }),
      provider: { ...provider, overrides: { jwks: knownJwks, ...provider.overrides } },
      layers: [bobsDoor, answering('/id-token', ({ oidc }) => oidc.idToken), ...layers],
    })
    return new LogoutWorld(world)
  }

  /** A new browser in which somebody has signed in. */
  async signedIn(door = '/login'): Promise<Browser> {
    const browser = new Browser()
    await browser.navigate(this.world.url(door), { follow: true })
    return browser
  }

  /** Who is signed in there, or null. */
  who(browser: Browser): Promise<unknown> {
    return subjectOf(this.world, browser)
  }

  /** The `sid` of a browser's session. */
  async sidOf(browser: Browser): Promise<string> {
    const idToken = (await browser.fetch(this.world.url('/id-token'))).json() as string
    const claims = JSON.parse(Buffer.from(idToken.split('.')[1] ?? '', 'base64url').toString()) as { sid: string }
    return claims.sid
  }

  /** A logout token for alice, made now. */
  mint(changes: Record<string, unknown> = {}, header: Record<string, unknown> = {}): Promise<string> {
    return mintLogoutToken(this.world.provider.issuer, this.world.clock.now(), changes, header)
  }

  /** Posts what the provider posts: no cookie, no header of a browser. */
  post(logoutToken: string, headers: Record<string, string> = {}): Promise<Answer> {
    const body = new URLSearchParams({ logout_token: logoutToken })
    return new Browser().request('none', this.world.url('/backchannel-logout'), { body, headers })
  }

  /** Posts a token with these claims. */
  async logout(changes: Record<string, unknown> = {}): Promise<Answer> {
    return this.post(await this.mint(changes))
  }

  close(): Promise<void> {
    return this.world.close()
  }
}

/** Status, and the error of the body where there is one. */
export function verdictOf(answer: Answer): readonly [number, unknown] {
  const body = answer.text === '' ? {} : (answer.json() as { readonly error?: unknown })
  return [answer.status, body.error ?? null]
}

/** What a refused logout token is answered with. */
export const refused: readonly [number, unknown] = [400, 'invalid_request']
/** What a logout is answered with that has worked. */
export const done: readonly [number, unknown] = [200, null]
