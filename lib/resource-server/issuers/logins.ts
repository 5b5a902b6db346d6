import { LRUCache } from 'lru-cache'
import { processWide } from '../../base/runtime.js'
import { isIssuerTemplate, tenantPlace } from '../../options/common/tenants.js'

/** One `oidc()` of this process, as its provider knows it. */
interface Login {
  readonly clientId: string
  /** Issuer identifier; a template such as `https://login.example.com/{tenantid}` stands for all that fit. */
  readonly issuer: string
  /** Other spellings of it in ID Tokens. */
  readonly issuerAliases?: readonly string[] | undefined
}

interface Logins {
  readonly clientIds: Set<string>
  readonly issuers: Set<string>
  readonly templates: Set<string>
}

// Logins may run in one copy of this package and APIs in the other.
const { clientIds, issuers, templates } = processWide(Symbol.for('express-oidc.logins'), isLogins, () => ({
  clientIds: new Set<string>(),
  issuers: new Set<string>(),
  templates: new Set<string>(),
}))

function isLogins(value: unknown): value is Logins {
  return (
    typeof value === 'object' && value !== null && ['clientIds', 'issuers', 'templates'].every((name) => name in value)
  )
}

/**
 * Notes that people sign in to this process by a client: ID Tokens for it, and other tokens of its issuer, must not pass for
 * access tokens of issuers at which nobody does.
 */
export function noteLogin({ clientId, issuer, issuerAliases = [] }: Login): void {
  clientIds.add(clientId)
  for (const spelling of [issuer, ...issuerAliases]) {
    issuers.add(spelling)
    if (isIssuerTemplate(spelling)) templates.add(spelling)
  }
}

const maxBrought = 10_000
// By client ID: the spellings of the issuers where it is a client.
const brought = new LRUCache<string, ReadonlySet<string>>({ maxSize: maxBrought, sizeCalculation: ({ size }) => size })

/**
 * Notes that people sign in by a client at a provider that a stranger may have brought, with any client ID. ID Tokens of that
 * issuer for that client must not pass for access tokens. Nothing else is refused for it: another's tokens must go on to pass.
 */
export function noteBroughtLogin({ clientId, issuer, issuerAliases = [] }: Login): void {
  const known = brought.get(clientId)
  const spellings = [issuer, ...issuerAliases].filter((spelling) => known?.has(spelling) !== true)
  if (spellings.length > 0) brought.set(clientId, new Set([...(known ?? []), ...spellings]))
}

/** Whether people sign in to this process by this client at a provider with this issuer that somebody has brought. */
export function isBroughtLogin(clientId: unknown, issuer: unknown): boolean {
  const spellings = typeof clientId === 'string' ? brought.get(clientId) : undefined
  if (spellings === undefined || typeof issuer !== 'string') return false
  return [...spellings].some((spelling) => spelling === issuer || fits(issuer, spelling))
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

// A login accepts fewer: its tenant must be a name or an ID. For a refusal that is not asked.
function fits(issuer: string, template: string): boolean {
  const [start = '', end, ...more] = template.split(tenantPlace)
  return end !== undefined && more.length === 0 && issuer.startsWith(start) && issuer.endsWith(end)
}
