import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { bearer, clientCredentials, oidc } from '../../lib/index.js'
import { failureOf } from '../kit/failure.js'

let server: Server
let issuer: string
let requests = 0
beforeAll(async () => {
  server = createServer((_req, res) => {
    requests += 1
    res.writeHead(404).end()
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
})
afterAll(() => {
  server.close()
})

const secret = 'a secret for tests only, 32 characters at least'
const web = { clientId: 'web', baseUrl: 'https://app.example.com', secret }
const machine = { clientId: 'machine', clientSecret: 'secret-1' }
const audience = 'https://api.example.com'

describe.each([
  ['oidc()', (own: object) => oidc({ ...web, issuer, ...own })],
  ['clientCredentials()', (own: object) => clientCredentials({ ...machine, issuer, ...own })],
  ['bearer()', (own: object) => bearer({ issuer, audience, ...own })],
  ['bearer() with a map', (own: object) => bearer({ issuer: { [issuer]: { audience, ...own } } })],
])('%s with allowPrivateAddresses: false', (_name, make) => {
  test('sends no request to a provider on this machine', async () => {
    const made = make({ allowPrivateAddresses: false })
    expect(await failureOf(made.ready())).toMatchObject({ code: 'provider_address_refused', status: 503 })
    expect(requests).toBe(0)
    made.close()
  })

  test('reaches an internal origin on this machine', async () => {
    const made = make({ allowPrivateAddresses: false, internalOrigin: issuer })
    expect((await failureOf(made.ready())).code).not.toBe('provider_address_refused')
    expect(requests).toBeGreaterThan(0)
    requests = 0
    made.close()
  })
})

test('several issuers in a list are checked alike', async () => {
  const api = bearer({ issuer: [issuer], audience, allowPrivateAddresses: false })
  expect(await failureOf(api.ready())).toMatchObject({ code: 'provider_address_refused' })
  api.close()
})

test('the issuers of a resolver are checked as bearer() says', async () => {
  const api = bearer({ issuer: () => ({}), audience, allowPrivateAddresses: false })
  const now = Math.floor(Date.now() / 1000)
  const facts = { iss: issuer, aud: audience, sub: 'a', client_id: 'c', jti: 'j', iat: now, exp: now + 60 }
  const claims = Buffer.from(JSON.stringify(facts)).toString('base64url')
  const header = Buffer.from('{"alg":"RS256","typ":"at+jwt"}').toString('base64url')
  const req = Object.assign(Object.create(null), {
    method: 'GET',
    url: '/',
    headers: { authorization: `Bearer ${header}.${claims}.c2ln` },
    rawHeaders: ['authorization', `Bearer ${header}.${claims}.c2ln`],
  })
  expect(await failureOf(api.authenticate(req))).toMatchObject({ code: 'provider_address_refused' })
  api.close()
})

test('a fetch of your own beside it is refused at the start', async () => {
  const error = await failureOf(() => oidc({ ...web, issuer, allowPrivateAddresses: false, fetch }))
  expect(error).toMatchObject({ code: 'invalid_options' })
  expect(error.message).toContain('"fetch"')
})

test('anything but true and false is refused at the start', async () => {
  const error = await failureOf(() => oidc({ ...web, issuer, allowPrivateAddresses: 'no' as never }))
  expect(error.message).toContain('"allowPrivateAddresses" must be true or false')
})
