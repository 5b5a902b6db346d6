// Compiled by tsc: a package such as express-oauth2-jwt-bearer declares `req.auth` in Express's global namespace.
import express from 'express'
import { mcpAuthInfo, oidc, optionsFromEnv, requireAuth } from 'express-oidc'

interface AuthResult {
  header: object
  payload: { sub?: string }
  token: string
}
declare global {
  namespace Express {
    interface Request {
      auth?: AuthResult
    }
  }
}

const app = express()
app.use(oidc(optionsFromEnv()))
app.get('/old', (req, res) => void res.json(req.auth?.payload.sub))
app.get('/new', requireAuth(), (req, res) => {
  const subject: unknown = req.auth !== undefined && 'subject' in req.auth ? req.auth.subject : undefined
  res.json({ subject, user: req.oidc.user?.sub })
})
app.get('/mcp', requireAuth(), (req, res) => void res.json(mcpAuthInfo(req.auth).clientId))
