import express from 'express'
import { claim, oidc, optionsFromEnv, requireAuth } from 'express-oidc'
import { redisStore } from 'express-oidc/redis'
import { createClient } from 'redis'

const redis = createClient({ url: String(process.env.REDIS_URL) }).on('error', console.error)
await redis.connect()

const app = express()
app.use(
  oidc({
    ...optionsFromEnv(),
    scope: 'openid profile',
    sharedStore: redisStore(redis),
    session: {
      migrateFrom: {
        package: 'express-openid-connect',
        secret: String(process.env.SECRET), // of before
        until: String(process.env.MIGRATE_UNTIL), // such as 2026-12-24
      },
    },
    // What the old session held, and is to stay.
    onLogin: ({ migrated }) => ({ data: { basket: migrated?.data.basket ?? 0 } }),
  }),
)

app.get('/', (req, res) => {
  res.send(req.oidc.isAuthenticated() ? `Hello ${req.oidc.user?.name}` : 'Hello stranger')
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
