/** What a token shall be good for. */
export interface TokenTarget {
  /** Scopes separated by spaces; empty for what the server gives by default. */
  readonly scope: string
  /** Resource indicators (RFC 8707 section 2). */
  readonly resource: readonly string[]
  /** Names of the services that the token is for (RFC 8693 section 2.1). */
  readonly audience: readonly string[]
}

/** The target as parameters of a token request. */
export function targetParameters({ scope, resource, audience }: TokenTarget): URLSearchParams {
  const parameters = new URLSearchParams()
  if (scope !== '') parameters.set('scope', scope)
  for (const name of resource) parameters.append('resource', name)
  for (const name of audience) parameters.append('audience', name)
  return parameters
}
