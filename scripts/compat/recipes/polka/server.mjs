import polka from 'polka'
import { bearer, claim, csrf, errorPages, oidc, optionsFromEnv, requireAuth, scope } from 'express-oidc'

const app = polka({ onError: errorPages() })
const api = bearer({ issuer: process.env.ISSUER, audience: 'https://api.example.com' })
// Middleware of a path runs after all other, and csrf() has to know the token.
app.use((req, res, next) => (req.url.startsWith('/api/') ? api(req, res, next) : next()))
app.use(oidc(optionsFromEnv()), csrf())

app.get('/', (req, res) => res.end('home'))
app.get('/profile', requireAuth(), (req, res) => res.end(JSON.stringify({ sub: req.auth.subject })))
app.get('/hr', requireAuth(claim('dept', 'hr')), (req, res) => res.end('for human resources only'))
app.post('/transfer', requireAuth(), (req, res) => res.end('done'))
app.get('/api/orders', requireAuth(scope('read')), (req, res) => res.end(JSON.stringify({ sub: req.auth.subject })))

app.listen(Number(process.env.PORT), '127.0.0.1')
