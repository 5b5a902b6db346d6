import { createServer } from 'node:http'
import { bearer, claim, csrf, oidc, optionsFromEnv, requireAuth, scope } from 'express-oidc'

const api = bearer({ issuer: process.env.ISSUER, audience: 'https://api.example.com' })
const login = oidc(optionsFromEnv())

const subject = (req, res) => res.end(JSON.stringify({ sub: req.auth.subject }))
const routes = {
  'GET /': [(req, res) => res.end('home')],
  'GET /profile': [requireAuth(), subject],
  'GET /hr': [requireAuth(claim('dept', 'hr')), (req, res) => res.end('for human resources only')],
  'POST /transfer': [csrf(), requireAuth(), (req, res) => res.end('done')],
  'GET /api/orders': [api, requireAuth(scope('read')), subject],
}

/** Runs one step after another. Each answers, or calls the next. */
function run([step, ...others], req, res) {
  step(req, res, (error) => {
    if (error) res.writeHead(error.status ?? 500).end()
    else run(others, req, res)
  })
}

const notFound = [(req, res) => res.writeHead(404).end()]
const server = createServer((req, res) => {
  run([login, ...(routes[`${req.method} ${req.url.split('?')[0]}`] ?? notFound)], req, res)
})
server.listen(Number(process.env.PORT), '127.0.0.1')
