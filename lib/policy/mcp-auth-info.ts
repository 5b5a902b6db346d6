import { AccessError } from '../errors.js'
import type { Principal } from './principal.js'

/** Who calls an MCP server, in the shape that the MCP SDK calls `AuthInfo`. */
export interface McpAuthInfo {
  /** The access token; empty for a session or an API key. */
  token: string
  /** The client of the token; empty where it names none. */
  clientId: string
  /** The scopes that were granted. */
  scopes: string[]
  /** When the token or key expires, in seconds since the epoch. Absent if it does not expire. */
  expiresAt?: number
  /** What `AuthInfo` has no member for. */
  extra: { subject: string; issuer: string; claims: Readonly<Record<string, unknown>> }
}

/** What the MCP SDK and express-oauth2-jwt-bearer declare `req.auth` to be, in place of {@link Principal}. */
export interface DeclaredAuthInfo {
  /** The access token. */
  token: string
}

/**
 * Turns a principal into what the transports and handlers of the MCP SDK expect as `req.auth`, or as `authInfo`.
 *
 * @example
 * ```ts
 * import { mcpAuthInfo } from 'express-oidc'
 *
 * app.post('/mcp', (req, res) => transport.handleRequest(Object.assign(req, { auth: mcpAuthInfo(req.auth) }), res, req.body))
 * ```
 *
 * @param principal - the `req.auth` of `oidc()` or `bearer()`. A project that imports the MCP SDK's middleware for Express,
 *   or express-oauth2-jwt-bearer, sees it declared as theirs, which is accepted as well.
 * @throws {AccessError} `login_needed` if there is no principal
 * @see https://modelcontextprotocol.io/specification/2025-06-18/basic/authorization
 */
export function mcpAuthInfo(principal: Principal | DeclaredAuthInfo | undefined): McpAuthInfo {
  // The SDK's own middleware sets no subject: what it says is not from this package.
  if (principal === undefined || !('subject' in principal)) throw new AccessError('login_needed', 'sign in to see this')
  const { token = '', clientId = '', scopes, expiresAt, subject, issuer, claims } = principal
  return {
    token,
    clientId,
    scopes: [...scopes],
    ...(Number.isFinite(expiresAt) ? { expiresAt } : {}),
    extra: { subject, issuer, claims },
  }
}
