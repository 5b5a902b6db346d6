import serverless from 'serverless-http'
import express from 'express'
import { bearer, claim, csrf, oidc, optionsFromEnv, requireAuth, scope } from 'express-oidc'

const app = express()
app.use('/api', bearer({ issuer: process.env.ISSUER, audience: 'https://api.example.com' }))
app.use(oidc(optionsFromEnv()))
app.use(csrf())

app.get('/', (req, res) => res.send('home'))
app.get('/profile', requireAuth(), (req, res) => res.json({ sub: req.auth.subject }))
app.get('/hr', requireAuth(claim('dept', 'hr')), (req, res) => res.send('for human resources only'))
app.post('/transfer', requireAuth(), (req, res) => res.send('done'))
app.get('/api/orders', requireAuth(scope('read')), (req, res) => res.json({ sub: req.auth.subject }))

export const handler = serverless(app)
