/** One `oidc()` of this process, as its provider knows it. */
interface Login {
  readonly clientId: string
  /** Issuer identifier; a template such as `https://login.example.com/{tenantid}` stands for all that fit. */
  readonly issuer: string
  /** Other spellings of it in ID Tokens. */
  readonly issuerAliases?: readonly string[] | undefined
}

const clientIds = new Set<string>()
const issuers = new Set<string>()
const templates = new Set<string>()

/**
 * Notes that people sign in to this process by a client: ID Tokens for it, and other tokens of its issuer, must not pass for
 * access tokens of issuers at which nobody does.
 */
export function noteLogin({ clientId, issuer, issuerAliases = [] }: Login): void {
  clientIds.add(clientId)
  for (const spelling of [issuer, ...issuerAliases]) {
    issuers.add(spelling)
    if (spelling.includes('{')) templates.add(spelling)
  }
}

/** Whether people sign in to this process by a client of this ID. */
export function isLoginClient(clientId: unknown): boolean {
  return typeof clientId === 'string' && clientIds.has(clientId)
}

/** Whether people sign in to this process at an issuer. */
export function isLoginIssuer(issuer: unknown): boolean {
  if (typeof issuer !== 'string') return false
  return issuers.has(issuer) || [...templates].some((template) => fits(issuer, template))
}

function fits(issuer: string, template: string): boolean {
  const [start = '', end, ...more] = template.split(/\{[A-Za-z]+\}/)
  return end !== undefined && more.length === 0 && issuer.startsWith(start) && issuer.endsWith(end)
}
