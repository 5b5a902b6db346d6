/** How a flow wants the request to end. */
export type Outcome = Redirect | Respond

/** Send the browser elsewhere: 303 after a POST, 302 otherwise. */
export interface Redirect {
  readonly kind: 'redirect'
  readonly location: string
}

/** Respond. */
export interface Respond {
  readonly kind: 'respond'
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

/** A redirect to a URL that was checked, or that this package built. */
export function redirect(location: string): Redirect {
  return { kind: 'redirect', location }
}
