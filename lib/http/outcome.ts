/** What a flow wants done with the request. */
export type Outcome = Continue | Redirect | Respond

/** Hand on to the next middleware. */
export interface Continue {
  readonly kind: 'continue'
}

/** Send the browser elsewhere: 303 after a POST, 302 otherwise. */
export interface Redirect {
  readonly kind: 'redirect'
  readonly location: string
}

/** Answer here. */
export interface Respond {
  readonly kind: 'respond'
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

/** The one value of {@link Continue}. */
export const proceed: Continue = { kind: 'continue' }

/** A redirect to a URL that has been checked, or that this package built. */
export function redirect(location: string): Redirect {
  return { kind: 'redirect', location }
}
