import { afterEach, expect, test } from '@jest/globals'
import { createBearerValidator } from '../../lib/index.js'
import { failureOf } from '../kit/failure.js'
import { type MutualTlsServer, startMutualTls } from '../kit/provider/mutual-tls.js'
import { selfSigned } from '../kit/resource-server/certificate.js'

const certificate = selfSigned('api')
const servers: MutualTlsServer[] = []
afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => server.close()))
})

async function authorizationServer(): Promise<MutualTlsServer> {
  const server = await startMutualTls([certificate], (req, res) => {
    const { origin: issuer } = server
    const introspected = { active: true, sub: 'alice', client_id: 'web', aud: 'api', scope: 'a' }
    const metadata = { issuer, jwks_uri: `${issuer}/jwks`, introspection_endpoint: `${issuer}/introspect` }
    res.setHeader('content-type', 'application/json')
    res.end(JSON.stringify(req.method === 'POST' ? introspected : metadata))
  })
  servers.push(server)
  return server
}

test('the certificate is presented where tokens are introspected, and to no other issuer', async () => {
  const asked = await authorizationServer()
  const other = await authorizationServer()
  const tls = { cert: certificate.pem, key: certificate.keyPem, ca: [asked.ca, other.ca] }
  const validator = createBearerValidator({
    issuer: { [other.origin]: { audience: 'api' }, [asked.origin]: { audience: 'api' } },
    tokenFormat: 'auto',
    introspection: { issuer: asked.origin, clientId: 'api', clientAuthentication: 'tls_client_auth', tls },
  })
  expect(await validator.validate('Bearer opaque')).toMatchObject({ subject: 'alice', issuer: asked.origin })
  const { thumbprint } = certificate
  const names = ['GET /.well-known/openid-configuration', 'POST /introspect']
  expect(asked.requests).toEqual(names.map((name) => ({ name, thumbprint })))
  const part = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url')
  const iat = Math.floor(Date.now() / 1000)
  const claims = { iss: other.origin, aud: 'api', sub: 'bob', client_id: 'web', iat, exp: iat + 600, jti: '1' }
  const signature = Buffer.alloc(64, 1).toString('base64url')
  const jwt = `${part({ alg: 'ES256', typ: 'at+jwt', kid: '1' })}.${part(claims)}.${signature}`
  expect(await failureOf(validator.validate(`Bearer ${jwt}`))).toMatchObject({
    code: 'provider_unreachable',
    status: 503,
  })
  expect(other.requests).toEqual([])
  validator.close()
})
