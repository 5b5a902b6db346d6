import { afterEach } from '@jest/globals'
import type { IncomingMessage, ServerResponse } from 'node:http'
import {
  type BearerValidatorOptions,
  type OidcHandle,
  type OidcOptions,
  BearerError,
  createBearerValidator,
} from '../../../lib/index.js'
import { createOidc } from '../../../lib/middleware/oidc.js'
import { parseOidcOptions } from '../../../lib/options/oidc/schema.js'
import { Browser } from '../../hosts/client.js'
import { type RunningHost, hosts } from '../../hosts/hosts.js'
import { Clock } from '../clock.js'
import type { Deviations, Json } from './deviations.js'
import { type StandIn, startStandIn } from './stand-in.js'

type AppRequest = IncomingMessage & { oidc: OidcHandle }

/** An application that signs in at a stand-in, and a browser. */
export interface Walk {
  readonly standIn: StandIn
  readonly browser: Browser
  /** Goes to `/login`, signs in there, and comes back. Returns what `/me` says then: the user's claims, or null. */
  signIn(): Promise<Json | null>
  user(): Promise<Json | null>
  /** What `/token` says after so many seconds: `accessToken()`, or the code of the error. */
  accessTokenAfter(seconds: number): Promise<string>
  /** Logs out, through the provider where the application sends the browser there; returns the paths and hosts on the way. */
  logOut(): Promise<{ readonly sentTo: string; readonly endedAt: string | undefined }>
}

/** The client of all walks. */
export const clientId = 'client-1'
/** Its secret, unless a preset makes its own. */
export const clientSecret = 'the secret of client-1, which the stand-in knows as well'

const running = new Set<{ close(): Promise<unknown> }>()

afterEach(async () => {
  await Promise.all([...running].map((thing) => thing.close()))
  running.clear()
})

/** Starts an application with a preset's options at the stand-in that deviates so. */
export async function startWalk(row: Deviations, preset: Partial<OidcOptions> & { issuer: string }): Promise<Walk> {
  const clock = Clock.real()
  const standIn = startStandIn(row, { clientId, clientSecret, now: clock.now })
  const [firstHost] = hosts
  if (firstHost === undefined) throw new Error('there is no host')
  const host = await firstHost.start(({ baseUrl }) => {
    const options = { clientId, clientSecret, secret: 's'.repeat(8) + 'abcdefghijklmnopqrstuvwxyz', baseUrl, ...preset }
    const app = createOidc(parseOidcOptions({ ...options, fetch: standIn.fetch }), clock)
    running.add({ close: async () => app.close() })
    return [app, { method: 'GET', path: '/me', handlers: [me] }, { method: 'GET', path: '/token', handlers: [token] }]
  })
  running.add(host)
  return walkIn(host, standIn, (seconds) => clock.advance(seconds))
}

function walkIn(host: RunningHost, standIn: StandIn, advance: (seconds: number) => void): Walk {
  const browser = new Browser()
  const user = async () => (await browser.fetch(`${host.url}/me`)).json() as Json | null
  return {
    standIn,
    browser,
    user,
    async signIn() {
      const { location = '' } = await browser.navigate(`${host.url}/login`)
      const { redirectUri, response } = standIn.authorize(location)
      const isPost = new URL(location).searchParams.get('response_mode') === 'form_post'
      const answer = isPost
        ? await browser.navigate(redirectUri, { site: 'cross-site', body: response })
        : await browser.navigate(`${redirectUri}?${response.toString()}`, { site: 'cross-site' })
      if (answer.status >= 400) throw new Error(`the callback answered ${answer.status}: ${answer.text}`)
      return user()
    },
    async accessTokenAfter(seconds) {
      advance(seconds)
      return (await browser.fetch(`${host.url}/token`)).json() as string
    },
    async logOut() {
      const { location = '' } = await browser.navigate(`${host.url}/logout`, { site: 'same-origin' })
      if (location.startsWith(host.url)) return { sentTo: 'nowhere', endedAt: new URL(location).pathname }
      const back = await browser.navigate(standIn.logOut(location), { site: 'cross-site', follow: true })
      return { sentTo: location, endedAt: new URL(back.url).pathname }
    },
  }
}

function json(res: ServerResponse, value: unknown): void {
  res.setHeader('Content-Type', 'application/json')
  res.end(JSON.stringify(value))
}

function me(req: IncomingMessage, res: ServerResponse): void {
  json(res, (req as AppRequest).oidc.user ?? null)
}

async function token(req: IncomingMessage, res: ServerResponse): Promise<void> {
  try {
    json(res, await (req as AppRequest).oidc.accessToken())
  } catch (error) {
    json(res, (error as { readonly code: string }).code)
  }
}

/** What an API with a preset's options says of a token: the principal's subject, or the code and cause of the refusal. */
export async function presentedTo(
  row: Deviations,
  preset: BearerValidatorOptions,
  changes: Json = {},
  foreign = false,
) {
  const standIn = startStandIn(row, { clientId, clientSecret, now: Date.now })
  const validator = createBearerValidator({ ...preset, fetch: standIn.fetch })
  try {
    const authorization = `Bearer ${await standIn.apiToken(changes, foreign)}`
    return await validator.validate(authorization, { method: 'GET', url: 'https://api.example.com/' })
  } catch (error) {
    if (!(error instanceof BearerError)) throw error
    return { refused: (error.cause as Error | undefined)?.message ?? error.code }
  } finally {
    validator.close()
  }
}
