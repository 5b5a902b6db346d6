import express from 'express'
import { claim, oidc, optionsFromEnv, requireAuth } from 'express-oidc'

const app = express()
app.use(
  oidc({
    ...optionsFromEnv(),
    scope: 'openid profile',
    userinfo: true,
    routes: { callback: '/authorization-code/callback' },
  }),
)

app.get('/', (req, res) => {
  const logout = '<form method="post" action="/logout"><button>Log out</button></form>'
  res.send(req.oidc.isAuthenticated() ? `Hello ${req.oidc.user?.name} ${logout}` : 'Hello stranger')
})
app.get('/profile', requireAuth(), (req, res) => {
  res.send(`Profile of ${req.oidc.user?.sub}`)
})
app.get('/salaries', requireAuth(claim('dept', 'hr')), (req, res) => {
  res.send('The salaries')
})
app.post('/basket', requireAuth(), async (req, res) => {
  const basket = Number(req.oidc.data.basket ?? 0) + 1
  await req.oidc.update({ basket })
  res.send(`${basket} in the basket`)
})

app.listen(Number(process.env.PORT), '127.0.0.1')
