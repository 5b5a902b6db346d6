import { expect, test } from '@jest/globals'
import { oidc } from '../../lib/index.js'
import { signingKey } from '../kit/provider/keys.js'
import { startMutualTls } from '../kit/provider/mutual-tls.js'
import { selfSigned } from '../kit/resource-server/certificate.js'

test('oidc() presents its certificate to a provider that wants one from everybody', async () => {
  const certificate = selfSigned('web')
  const { pem: cert, keyPem: key, thumbprint } = certificate
  const provider = await startMutualTls([certificate], (req, res) => {
    const issuer = provider.origin
    const endpoints = { authorization_endpoint: `${issuer}/auth`, token_endpoint: `${issuer}/token` }
    const keys = [{ ...signingKey('RS256').publicKey.export({ format: 'jwk' }), kid: '1' }]
    const isKeys = req.url === '/jwks'
    res.end(JSON.stringify(isKeys ? { keys } : { issuer, ...endpoints, jwks_uri: `${issuer}/jwks` }))
  })
  const web = oidc({
    issuer: provider.origin,
    clientId: 'web',
    clientAuthentication: 'tls_client_auth',
    tls: { cert, key, ca: provider.ca },
    baseUrl: 'https://app.example.com',
    secret: 'a secret for tests only, 32 characters at least',
  })
  await web.ready()
  const names = ['GET /.well-known/openid-configuration', 'GET /jwks']
  expect(provider.requests).toEqual(names.map((name) => ({ name, thumbprint })))
  web.close()
  await provider.close()
})
