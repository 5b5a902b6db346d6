import { createServer } from 'node:http'
import express from 'express'
import { Server } from 'socket.io'
import { bearer, claim, csrf, oidc, optionsFromEnv, requireAuth, scope } from 'express-oidc'

const app = express()
app.use('/api', bearer({ issuer: process.env.ISSUER, audience: 'https://api.example.com' }))
const auth = oidc(optionsFromEnv())
app.use(auth)
app.use(csrf())

app.get('/', (req, res) => res.send('home'))
app.get('/profile', requireAuth(), (req, res) => res.json({ sub: req.auth.subject }))
app.get('/hr', requireAuth(claim('dept', 'hr')), (req, res) => res.send('for human resources only'))
app.post('/transfer', requireAuth(), (req, res) => res.send('done'))
app.get('/api/orders', requireAuth(scope('read')), (req, res) => res.json({ sub: req.auth.subject }))

const server = createServer(app)
const io = new Server(server, {
  allowRequest: ({ headers: { origin = process.env.BASE_URL } }, done) => done(null, origin === process.env.BASE_URL),
})
io.engine.use(auth)
io.use((socket, next) => next(socket.request.oidc.isAuthenticated() ? undefined : new Error('sign in')))
io.on('connection', (socket) => socket.emit('hello', socket.request.oidc.user.sub))
server.listen(Number(process.env.PORT), '127.0.0.1')
