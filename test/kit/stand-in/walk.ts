import { afterEach } from '@jest/globals'
import {
  type BearerValidatorOptions,
  type OidcOptions,
  BearerError,
  createBearerValidator,
} from '../../../lib/index.js'
import { Browser } from '../../hosts/client.js'
import { type Host, hosts } from '../../hosts/hosts.js'
import { type App, startApp } from '../app.js'
import { Clock } from '../clock.js'
import { answering } from '../world/applications.js'
import type { Deviations, Json } from './deviations.js'
import { type StandIn, startStandIn } from './stand-in.js'

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

const secret = 'a secret for walks only, 32 characters at least'
const [firstHost] = hosts as readonly [Host]

const running = new Set<{ close(): Promise<unknown> }>()

afterEach(async () => {
  await Promise.all([...running].map((thing) => thing.close()))
  running.clear()
})

/** Starts an application with a preset's options at the stand-in that deviates so. */
export async function startWalk(row: Deviations, preset: Partial<OidcOptions> & { issuer: string }): Promise<Walk> {
  const clock = Clock.real()
  const standIn = startStandIn(row, { clientId, clientSecret, clock })
  const app = await startApp(firstHost, clock, (origin) => ({
    provider: standIn,
    options: { clientId, clientSecret, secret, baseUrl: secured(origin), ...preset, fetch: standIn.fetch },
    layers: (oidc) => [
      oidc,
      answering('/me', ({ oidc: { user } }) => user),
      answering('/token', (req) => req.oidc.accessToken().catch(codeOf)),
    ],
  }))
  running.add(app)
  return walkIn(app)
}

function walkIn({ host, provider: standIn, clock }: App<StandIn>): Walk {
  // Behind a proxy that ends TLS: posted responses need https.
  const browser = new Browser({ isBehindProxy: true })
  const home = secured(host.url)
  const user = async () => (await browser.fetch(`${home}/me`)).json() as Json | null
  return {
    standIn,
    browser,
    user,
    async signIn() {
      const { location = '' } = await browser.navigate(`${home}/login`)
      const { redirectUri, response } = standIn.authorize(location)
      const isPost = new URL(location).searchParams.get('response_mode') === 'form_post'
      const answer = isPost
        ? await browser.navigate(redirectUri, { site: 'cross-site', body: response })
        : await browser.navigate(`${redirectUri}?${response.toString()}`, { site: 'cross-site' })
      if (answer.status >= 400) throw new Error(`the callback answered ${answer.status}: ${answer.text}`)
      return user()
    },
    async accessTokenAfter(seconds) {
      clock.advance(seconds)
      return (await browser.fetch(`${home}/token`)).json() as string
    },
    async logOut() {
      const { location = '' } = await browser.navigate(`${home}/logout`, { site: 'same-origin' })
      if (location.startsWith(home)) return { sentTo: 'nowhere', endedAt: new URL(location).pathname }
      const back = await browser.navigate(standIn.logOut(location), { site: 'cross-site', follow: true })
      return { sentTo: location, endedAt: new URL(back.url).pathname }
    },
  }
}

function secured(url: string): string {
  return url.replace(/^http:/, 'https:')
}

function codeOf(error: unknown): string {
  return (error as { readonly code: string }).code
}

/** What an API with a preset's options says of a token: the principal's subject, or the code and cause of the refusal. */
export async function presentedTo(
  row: Deviations,
  preset: BearerValidatorOptions,
  changes: Json = {},
  foreign = false,
) {
  const standIn = startStandIn(row, { clientId, clientSecret, clock: Clock.real() })
  const validator = createBearerValidator({ ...preset, fetch: standIn.fetch })
  try {
    const authorization = `Bearer ${standIn.apiToken(changes, foreign)}`
    return await validator.validate(authorization, { method: 'GET', url: 'https://api.example.com/' })
  } catch (error) {
    if (!(error instanceof BearerError)) throw error
    return { refused: (error.cause as Error | undefined)?.message ?? error.code }
  } finally {
    validator.close()
  }
}
