// Run by Jest in a project that has installed the package, without a configuration of modules.
const { createServer } = require('node:http')
const { ConfigurationError, oidc, requireAuth, role } = require('express-oidc')
const { keycloak } = require('express-oidc/providers')
const { redisStore } = require('express-oidc/redis')
const { signedIn, testProvider } = require('express-oidc/testing')

let provider
let server
beforeAll(async () => {
  provider = await testProvider({ users: { alice: { roles: ['admin'] } } })
  const login = oidc(provider.options.oidc)
  const guard = requireAuth(role('admin'))
  server = createServer((req, res) => {
    login(req, res, () => guard(req, res, (error) => res.end(error ? error.code : req.auth.subject)))
  })
  server.login = login
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve))
})
afterAll(() => new Promise((resolve) => server.close(resolve)))

const url = () => `http://127.0.0.1:${server.address().port}/`
const get = async (cookie) => (await fetch(url(), { headers: { cookie } })).text()

test('a session made for a test passes a guard', async () => {
  expect(await get(await signedIn(server.login, { sub: 'alice', roles: ['admin'] }))).toBe('alice')
})

test('a login through the real routes passes a guard', async () => {
  const { cookie } = await provider.signIn(url(), 'alice')
  expect(await get(cookie)).toBe('alice')
})

test('errors are instances of their classes, in every entry', () => {
  expect(() => redisStore({})).toThrow(ConfigurationError)
  expect(() => keycloak('not a URL')).toThrow(ConfigurationError)
})
