import { createCipheriv, createDecipheriv, createHash, createSecretKey, randomBytes, webcrypto } from 'node:crypto'
import { RedisStore } from 'connect-redis'
import cookieSession from 'cookie-session'
import expressSession from 'express-session'
import { getIronSession } from 'iron-session'
import { EncryptJWT, jwtDecrypt } from 'jose'
import { createClient } from 'redis'

const secret = 'a-secret-of-the-bench-with-more-than-32-characters'
const subject = (req) => req.session?.user?.sub

/** What a route without any session costs. */
export const bare = { name: 'bare route (limit)', kind: 'limit', mount: () => undefined, subject: undefined }

/** The same, with a browser that also sends the cookie of express-oidc, which this server ignores. */
export const unread = { ...bare, name: 'bare route, cookie unread' }

// The peers know nothing of a login: `seed` puts the same tokens into their session.
const seeded = { kind: 'peer', start: '/seed', subject }

/** Signed, but readable: whoever has the cookie has the tokens. */
export const signedCookie = {
  ...seeded,
  name: 'cookie-session (readable)',
  mount(app, { session }) {
    app.use(cookieSession({ name: 'session', keys: [secret], httpOnly: true, sameSite: 'lax' }))
    app.get('/seed', (req, res) => {
      req.session = session
      res.end()
    })
  },
}

/** express-session on connect-redis, as their documentation has it: the store is touched by each request. */
export const serverSession = {
  ...seeded,
  name: 'express-session + connect-redis',
  needsRedis: true,
  async mount(app, { session, redisUrl }) {
    const store = new RedisStore({ client: await createClient({ url: redisUrl }).connect() })
    app.use(expressSession({ store, secret, resave: false, saveUninitialized: false, cookie: { sameSite: 'lax' } }))
    app.get('/seed', (req, res) => {
      Object.assign(req.session, session)
      res.end()
    })
  },
}

/** iron-session: AES-256-CBC and HMAC, with a key derived for each. */
export const iron = {
  ...seeded,
  name: 'iron-session',
  mount(app, { session }) {
    const options = { password: secret, cookieName: 'session', cookieOptions: { secure: false } }
    app.get('/seed', async (req, res) => {
      await Object.assign(await getIronSession(req, res, options), session).save()
      res.end()
    })
    app.use(async (req, res, next) => {
      req.session = await getIronSession(req, res, options)
      next()
    })
  },
}

/** The least that a sealed cookie can cost: a key kept, AES-256-GCM of node:crypto, no limits of time, no claims. */
export const gcmCookie = {
  ...seeded,
  name: 'node:crypto AES-256-GCM, by hand',
  mount(app, { session }) {
    const key = createSecretKey(createHash('sha256').update(secret).digest())
    app.get('/seed', (_req, res) => {
      const iv = randomBytes(12)
      const cipher = createCipheriv('aes-256-gcm', key, iv)
      const text = cipher.update(JSON.stringify(session), 'utf8', 'base64url') + cipher.final('base64url')
      const parts = [iv.toString('base64url'), text, cipher.getAuthTag().toString('base64url')]
      res.cookie('session', parts.join('.'), { httpOnly: true, sameSite: 'lax' }).end()
    })
    app.use((req, _res, next) => {
      const sealed = /(?:^|;\s*)session=([^;]+)/.exec(req.headers.cookie ?? '')?.[1]
      if (sealed !== undefined) req.session = openByHand(key, sealed)
      next()
    })
  },
}

function openByHand(key, sealed) {
  const [iv, text, tag] = sealed.split('.').map((part) => Buffer.from(part, 'base64url'))
  const decipher = createDecipheriv('aes-256-gcm', key, iv, { authTagLength: 16 }).setAuthTag(tag)
  const json = decipher.update(text)
  try {
    decipher.final()
  } catch {
    return undefined
  }
  return JSON.parse(json.toString())
}

/** What one writes by hand on jose: a compact JWE, its key imported once. */
export const joseCookie = {
  ...seeded,
  name: 'jose EncryptJWT dir A256GCM, by hand',
  async mount(app, { session }) {
    const bytes = createHash('sha256').update(secret).digest()
    const key = await webcrypto.subtle.importKey('raw', bytes, 'AES-GCM', false, ['encrypt', 'decrypt'])
    app.get('/seed', async (_req, res) => {
      const jwt = new EncryptJWT(session).setProtectedHeader({ alg: 'dir', enc: 'A256GCM' }).setExpirationTime('24h')
      res.cookie('session', await jwt.encrypt(key), { httpOnly: true, sameSite: 'lax' }).end()
    })
    const options = { keyManagementAlgorithms: ['dir'], contentEncryptionAlgorithms: ['A256GCM'] }
    app.use(async (req, _res, next) => {
      const token = /(?:^|;\s*)session=([^;]+)/.exec(req.headers.cookie ?? '')?.[1]
      if (token !== undefined)
        req.session = await jwtDecrypt(token, key, options).then(
          ({ payload }) => payload,
          () => undefined,
        )
      next()
    })
  },
}
