import express from 'express'
import { claim, oidc, optionsFromEnv, requireAuth } from 'express-oidc'

const app = express()
app.use(oidc({ ...optionsFromEnv(), scope: 'openid profile', routes: { callback: '/auth/callback/sso' } }))

app.get('/', (req, res) => {
  res.send(req.oidc.isAuthenticated() ? `Hello ${req.oidc.user?.name}` : 'Hello stranger')
})
app.get('/profile', requireAuth(), (req, res) => {
  res.send(`Profile of ${req.oidc.user?.sub}`)
})
app.get('/salaries', requireAuth(claim('dept', 'hr')), (req, res) => {
  res.send('The salaries')
})

app.listen(Number(process.env.PORT), '127.0.0.1')
