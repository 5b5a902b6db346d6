import { describe, expect, test } from '@jest/globals'
import type { AuthInfo } from '@modelcontextprotocol/server'
import type { IncomingMessage } from 'node:http'
import { mcpAuthInfo } from '../../lib/policy/mcp-auth-info.js'
import type { Principal } from '../../lib/policy/principal.js'
import { testApi } from '../kit/resource-server/api.js'

describe('mcpAuthInfo()', () => {
  test('returns the AuthInfo of the MCP SDK for a token', async () => {
    const { accept, issuer } = testApi()
    const token = issuer.accessToken({ scope: 'mcp:tools' })
    const principal = await accept(token)
    const info: AuthInfo = mcpAuthInfo(principal)
    expect(info).toEqual({
      token,
      clientId: 'web',
      scopes: ['mcp:tools'],
      expiresAt: principal.expiresAt,
      extra: { subject: 'alice', issuer: issuer.issuer, claims: principal.claims },
    })
  })

  test('returns one for principals without token, client and expiry, and throws if nobody is authenticated', () => {
    const key: Principal = {
      scheme: 'api-key',
      subject: 'billing',
      issuer: 'api-key',
      claims: {},
      scopes: [],
      expiresAt: Infinity,
    }
    expect(mcpAuthInfo(key)).toEqual({
      token: '',
      clientId: '',
      scopes: [],
      extra: { subject: 'billing', issuer: 'api-key', claims: {} },
    })
    expect(() => mcpAuthInfo(undefined)).toThrow(expect.objectContaining({ code: 'login_needed', status: 401 }))
  })

  test('takes req.auth where the MCP SDK declares it as AuthInfo, but only a principal of this package', () => {
    const principal: Principal = { scheme: 'bearer', subject: 'a', issuer: 'b', claims: {}, scopes: [], expiresAt: 1 }
    const req = {} as IncomingMessage & { auth?: AuthInfo }
    Object.assign(req, { auth: principal })
    expect(mcpAuthInfo(req.auth).extra).toMatchObject({ subject: 'a', issuer: 'b' })
    const foreign: AuthInfo = { token: 't', clientId: 'c', scopes: [] }
    expect(() => mcpAuthInfo(foreign)).toThrow(expect.objectContaining({ code: 'login_needed' }))
  })

  test('can be passed to a handler whose req.auth has the type of the MCP SDK', () => {
    const handle = (req: IncomingMessage & { auth?: AuthInfo }): string | undefined => req.auth?.clientId
    const req = {} as IncomingMessage & { auth?: Principal | undefined }
    const who: Principal = {
      scheme: 'bearer',
      subject: 'a',
      issuer: 'b',
      claims: {},
      scopes: [],
      expiresAt: 1,
      clientId: 'c',
    }
    expect(handle(Object.assign(req, { auth: mcpAuthInfo(who) }))).toBe('c')
  })
})
