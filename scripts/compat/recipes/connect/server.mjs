import connect from 'connect'
import { bearer, claim, csrf, oidc, optionsFromEnv, requireAuth, scope } from 'express-oidc'

const app = connect()
app.use('/api', bearer({ issuer: process.env.ISSUER, audience: 'https://api.example.com' }))
app.use(oidc(optionsFromEnv()))
app.use(csrf())

app.use('/profile', requireAuth())
app.use('/profile', (req, res) => res.end(JSON.stringify({ sub: req.auth.subject })))
app.use('/hr', requireAuth(claim('dept', 'hr')))
app.use('/hr', (req, res) => res.end('for human resources only'))
app.use('/transfer', requireAuth())
app.use('/transfer', (req, res) => res.end('done'))
app.use('/api/orders', requireAuth(scope('read')))
app.use('/api/orders', (req, res) => res.end(JSON.stringify({ sub: req.auth.subject })))
app.use((req, res) => res.end('home'))

app.listen(Number(process.env.PORT), '127.0.0.1')
