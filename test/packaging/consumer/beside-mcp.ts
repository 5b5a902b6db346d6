// Compiled by tsc: a package such as the MCP SDK declares `req.auth` in the module that Express's types come from.
import express from 'express'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { bearer, mcpAuthInfo, requireAuth } from 'express-oidc'

interface AuthInfo {
  token: string
  clientId: string
  scopes: string[]
  expiresAt?: number
  resource?: URL
  extra?: Record<string, unknown>
}
declare module 'express-serve-static-core' {
  interface Request {
    auth?: AuthInfo
  }
}
declare const handle: (req: IncomingMessage & { auth?: AuthInfo }, res: ServerResponse) => Promise<void>

const app = express()
app.use(bearer({ issuer: 'https://issuer.example.com', audience: 'mcp' }))
app.post('/mcp', requireAuth(), (req, res) => handle(Object.assign(req, { auth: mcpAuthInfo(req.auth) }), res))
