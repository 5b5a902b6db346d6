import { afterEach, expect, test } from '@jest/globals'
import { createClientCredentials } from '../../lib/client/client-credentials.js'
import { parseClientCredentialsOptions } from '../../lib/options/client/schema.js'
import { Clock } from '../kit/clock.js'
import { startMutualTls } from '../kit/provider/mutual-tls.js'
import { type Certificate, selfSigned } from '../kit/resource-server/certificate.js'
import { FakeStore } from '../kit/stores/memory.js'
import { settled } from '../kit/until.js'

const ends: (() => unknown)[] = []
afterEach(async () => {
  for (const end of ends.splice(0)) await end()
})

test('processes share tokens only with those that have the same certificate, to which tokens may be bound', async () => {
  const [old, next] = [selfSigned('old'), selfSigned('next')]
  let issued = 0
  const server = await startMutualTls([old, next], (_req, res) => {
    res.setHeader('content-type', 'application/json')
    res.end(JSON.stringify({ access_token: `token-${++issued}`, token_type: 'Bearer', expires_in: 600 }))
  })
  ends.push(() => server.close())
  const clock = new Clock()
  const sharedStore = new FakeStore(clock)
  const startProcess = ({ pem: cert, keyPem: key }: Certificate) => {
    const given = {
      issuer: server.origin,
      discoveryUrl: false,
      metadata: { token_endpoint: `${server.origin}/token` },
      clientId: 'machine',
      tls: { cert, key, ca: server.ca },
      sharedStore,
      secret: 'a secret for tests only, 32 characters at least',
    }
    const source = createClientCredentials(parseClientCredentialsOptions(given), clock)
    ends.push(() => source.close())
    return source
  }
  expect(await startProcess(old).getToken()).toBe('token-1')
  await settled()
  expect(await startProcess(next).getToken()).toBe('token-2')
  await settled()
  expect(await startProcess(old).getToken()).toBe('token-1')
  expect(await startProcess(next).getToken()).toBe('token-2')
})
