import { createServer } from 'node:http'
import express from 'express'
import { WebSocketServer } from 'ws'
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
const sockets = new WebSocketServer({ noServer: true })
server.on('upgrade', async (req, socket, head) => {
  socket.on('error', () => socket.destroy())
  try {
    const connection = await auth.authenticate(req)
    if (connection === undefined) return socket.end('HTTP/1.1 401 Unauthorized\r\n\r\n')
    sockets.handleUpgrade(req, socket, head, (client) => {
      client.on('error', () => client.terminate())
      connection.signal.addEventListener('abort', () => client.close(4401, 'signed out'))
      client.send(`hello ${connection.principal.subject}`)
    })
  } catch {
    socket.end('HTTP/1.1 503 Service Unavailable\r\nRetry-After: 5\r\n\r\n')
  }
})
server.listen(Number(process.env.PORT), '127.0.0.1')
