// Signs somebody in with one build of the package, named on the command line, at a provider that encrypts ID Tokens, and prints what came of it.
import express from 'express'
import { createPublicKey, generateKeyPairSync } from 'node:crypto'
import { createRequire } from 'node:module'
import { CompactEncrypt } from 'jose'

process.env.NODE_ENV = 'test'
const require = createRequire(import.meta.url)
const [{ oidc }, { testProvider }] =
  process.argv[2] === 'esm'
    ? [await import('../../../dist/index.js'), await import('../../../dist/testing/index.js')]
    : [require('../../../dist/cjs/index.js'), require('../../../dist/cjs/testing/index.js')]

const provider = await testProvider({ users: { alice: {} } })
const pair = generateKeyPairSync('rsa', {
  modulusLength: 2048,
  privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  publicKeyEncoding: { type: 'spki', format: 'pem' },
})
const publicKey = createPublicKey(pair.publicKey)
const header = { alg: 'RSA-OAEP-256', enc: 'A256GCM', cty: 'JWT' }
const encrypt = (token) => new CompactEncrypt(Buffer.from(token)).setProtectedHeader(header).encrypt(publicKey)
let encrypted = 0
const fetchEncrypting = async (url, init) => {
  const response = await provider.options.oidc.fetch(url, init)
  const { id_token: idToken, ...body } = await response
    .clone()
    .json()
    .catch(() => ({}))
  if (idToken === undefined) return response
  encrypted++
  return Response.json({ ...body, id_token: await encrypt(idToken) })
}

const auth = oidc({
  ...provider.options.oidc,
  decryptionKeys: [pair.privateKey],
  fetch: fetchEncrypting,
})
const app = express()
app.use(auth)
app.get('/me', (req, res) => res.json({ sub: req.oidc.user?.sub, segments: req.oidc.idToken?.split('.').length }))
const server = app.listen(0, '127.0.0.1')
await new Promise((resolve) => server.once('listening', resolve))
const origin = `http://127.0.0.1:${server.address().port}`
const { cookie } = await provider.signIn(origin, 'alice')
const response = await fetch(`${origin}/me`, { headers: { cookie } })
server.close()
server.closeAllConnections()
console.log(JSON.stringify({ encrypted, ...(await response.json()) }))
