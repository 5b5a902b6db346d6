import { ExpressAuth, getSession } from '@auth/express'
import express from 'express'

const config = {
  secret: process.env.SECRET,
  trustHost: true,
  providers: [
    {
      id: 'sso',
      name: 'SSO',
      type: 'oidc',
      issuer: process.env.ISSUER,
      clientId: process.env.CLIENT_ID,
      clientSecret: process.env.CLIENT_SECRET,
      authorization: { params: { scope: 'openid profile' } },
      checks: ['pkce', 'state', 'nonce'],
    },
  ],
  callbacks: {
    jwt({ token, profile }) {
      if (profile) Object.assign(token, { sub: profile.sub, dept: profile.dept })
      return token
    },
    session({ session, token }) {
      session.user.sub = token.sub
      session.user.dept = token.dept
      return session
    },
  },
}

const app = express()
app.use('/auth', ExpressAuth(config))
app.use(async (req, res, next) => {
  res.locals.session = await getSession(req, config)
  next()
})

app.get('/', (req, res) => {
  const { session } = res.locals
  res.send(session ? `Hello ${session.user.name}` : 'Hello stranger')
})
app.get('/profile', signedIn, (req, res) => {
  res.send(`Profile of ${res.locals.session.user.sub}`)
})
app.get('/salaries', signedIn, department('hr'), (req, res) => {
  res.send('The salaries')
})

function signedIn(req, res, next) {
  if (res.locals.session) return next()
  res.redirect(`/auth/signin?callbackUrl=${encodeURIComponent(req.originalUrl)}`)
}

function department(dept) {
  return (req, res, next) => (res.locals.session.user.dept === dept ? next() : res.sendStatus(403))
}

app.listen(process.env.PORT, '127.0.0.1')
