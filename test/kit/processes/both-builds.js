// Uses the ES modules and the CommonJS files of the built package in one process, and prints as JSON what each says of the other.
// The command line says which of the two has the login and the API; guards and tests are the other's.
import express from 'express'
import { createRequire } from 'node:module'

process.env.NODE_ENV = 'test'
const require = createRequire(import.meta.url)
const builds = {
  esm: [await import('../../../dist/index.js'), await import('../../../dist/testing/index.js')],
  cjs: [require('../../../dist/cjs/index.js'), require('../../../dist/cjs/testing/index.js')],
}
const [one, other] = process.argv[2] === 'esm' ? ['esm', 'cjs'] : ['cjs', 'esm']
const [mounted] = builds[one]
const [guards, kit] = builds[other]

class Foreign extends guards.OidcError {}
class AccessError extends guards.OidcError {}
const thrown = (work) => {
  try {
    return work()
  } catch (error) {
    return error
  }
}
const mistake = thrown(() => mounted.oidc({}))
const names = Object.keys(mounted).filter((name) => name.endsWith('Error'))
const errors = {
  isTwo: mounted.OidcError !== guards.OidcError,
  classes: names.filter((name) => mistake instanceof guards[name]),
  ownClass: mistake instanceof Foreign,
  ownName: new mounted.AccessError('login_needed', 'x') instanceof AccessError,
  others: [null, undefined, 'x', {}, new Error('x')].some((value) => value instanceof guards.OidcError),
}

const provider = await kit.testProvider({ users: { alice: { dept: 'hr' } } })
const login = mounted.oidc(provider.options.oidc)
const app = express()
app.use('/api', mounted.bearer(provider.options.bearer))
app.use(login)
app.use(guards.csrf())
const say = (req, res) => res.json({ subject: req.auth.subject, scheme: req.auth.scheme, user: req.oidc?.user?.sub })
app.get('/hr', guards.requireAuth(guards.claim('dept', 'hr')), say)
app.get('/api/orders', guards.requireAuth(guards.scope('orders')), say)
app.get('/renew', guards.requireAuth(), (req) => req.oidc.accessToken({ minTtl: 3600 }))
app.post('/form', say)
app.use(guards.signInAgain())
app.use((error, _req, res, _next) => {
  res.status(error.status ?? 500).json({ code: error.code, isOurs: error instanceof guards.OidcError })
})
const server = app.listen(0, '127.0.0.1')
await new Promise((resolve) => server.once('listening', resolve))
const origin = `http://127.0.0.1:${server.address().port}`
const ask = async (path, headers = {}, method = 'GET') => {
  const response = await fetch(origin + path, { headers, method, redirect: 'manual' })
  return [response.status, await response.json().catch(() => undefined)]
}

const cookie = await kit.signedIn(login, { sub: 'alice', dept: 'hr' })
const stranger = await kit.signedIn(login, { sub: 'bob', dept: 'sales' })
const token = provider.accessToken({ scope: 'orders' })
const bearerToken = (value) => ({ authorization: `Bearer ${value}` })
const answers = {
  anonymous: (await ask('/hr'))[0],
  person: await ask('/hr', { cookie }),
  stranger: (await ask('/hr', { cookie: stranger }))[0],
  token: await ask('/api/orders', bearerToken(token)),
  idToken: (await ask('/api/orders', bearerToken(provider.accessToken.idToken())))[0],
  otherSite: (await ask('/form', { cookie, 'sec-fetch-site': 'cross-site' }, 'POST'))[0],
  renewal: await ask('/renew', { cookie }),
}
server.close()
server.closeAllConnections()
console.log(JSON.stringify({ errors, answers }))
