import type { Request } from 'express'
import type { OidcMiddleware, TokenSource } from 'express-oidc'
import type { ApiOptions } from '../api/call-api.js'
import type { Timeline } from '../timeline/timeline.js'

/** One stop of the tour: a page that shows one thing. */
export interface Stop {
  /** In its address, `/tour/<id>`. */
  readonly id: string
  readonly title: string
  /** What it shows, in one sentence. */
  readonly shows: string
  /** On the button that does it. Absent where the stop brings buttons of its own. */
  readonly button?: string
  /** Why pressing it is only the beginning, for the timeline. */
  readonly step?: string
  /** The code that does it in an application. */
  readonly code: string
  /** A page in `docs/`. */
  readonly guide: { readonly page: string; readonly title: string }
  /** Whether somebody has to be signed in. */
  readonly forPeople?: boolean
  /** Whether it needs the demo's own provider. */
  readonly ownProvider?: boolean
  /** Whether the page listens for what changes. */
  readonly live?: boolean
  /** Template in `views/stops/` of what only this stop shows. */
  readonly view?: string
  /** What that template needs. */
  data?(req: Request, tour: Tour): Promise<Record<string, unknown>>
  /** Does what the button says. */
  run?(req: Request, tour: Tour): Promise<Answer>
}

/** What a stop needs of the application. */
export interface Tour {
  /** The application's base URL. */
  readonly app: string
  readonly issuer: string
  readonly clientId: string
  readonly timeline: Timeline
  readonly apis: ApiOptions
  /** Tokens that are bound to a key. */
  readonly bound?: TokenSource
  /** Who is signed in to the demo itself, whatever else an address belongs to. */
  readonly login: OidcMiddleware<unknown>
  /** Reports all browsers of a person but one as stolen. */
  report?(person: { sub: string; sid: string }): Promise<void>
  /** Of the demo's API, and what a machine needs to call it from a shell. */
  readonly audience?: string
  readonly machine?: { readonly clientId: string; readonly clientSecret: string }
  readonly idleSeconds: number
  readonly isStored: boolean
}

/** What came of it. */
export interface Answer {
  readonly lines: readonly Line[]
  /** What the last access token says: names and values. */
  readonly facts?: readonly (readonly [string, string])[]
  /** The last response of an API, as it came. */
  readonly response?: { readonly headers: string; readonly body: string }
  /** Of the attempts of an attacker, by their `id`. */
  readonly attempts?: Readonly<Record<string, readonly Line[]>>
}

/** One request that was made, and what it led to. */
export interface Line {
  readonly what: string
  readonly status?: number
  /** Whether it was let in. */
  readonly isOpen: boolean
  readonly said: string
}
