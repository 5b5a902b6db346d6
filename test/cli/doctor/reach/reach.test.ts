import { afterEach, expect, test } from '@jest/globals'
import { createServer } from 'node:https'
import { listen } from '../../../kit/listen.js'
import { selfSigned } from '../../../kit/resource-server/certificate.js'
import { diagnose, findingsOf, secret } from '../diagnosis.js'

let close: (() => Promise<void>) | undefined
afterEach(async () => {
  await close?.()
  close = undefined
})

// Nothing listens at the first two.
const issuer = 'https://127.0.0.1:1'
const keys = 'https://127.0.0.1:2'

test('doctor connects to each host that the options name, and not to an issuer that is only a name', async () => {
  const { pem: cert, keyPem: key } = selfSigned('localhost')
  const listening = await listen(createServer({ cert, key }))
  close = listening.close
  const token = listening.origin.replace('http://127.0.0.1', 'https://localhost')
  const metadata = {
    ...{ authorization_endpoint: `${issuer}/a`, token_endpoint: `${token}/t`, jwks_uri: `${keys}/k` },
    ...{ revocation_endpoint: `${token}/r` },
  }
  const oidc = { issuer, clientId: 'web', baseUrl: 'https://app.example.com', secret, discoveryUrl: false, metadata }
  const told = findingsOf(await diagnose({ oidc })).filter(({ check }) => check === 'tls')
  expect(told.map(({ message }) => message).sort()).toEqual([
    'no connection to 127.0.0.1:2: nothing listens there (ECONNREFUSED)',
    expect.stringMatching(/^the certificate of localhost:\d+ is self-signed/),
  ])
})

test('doctor says once, of any number of hosts, that "fetch" makes the connections', async () => {
  const metadata = { authorization_endpoint: `${issuer}/a`, token_endpoint: `${issuer}/t`, jwks_uri: `${keys}/k` }
  const fetch = async () => new Response('', { status: 404 })
  const shared = { issuer, clientId: 'web', baseUrl: 'https://app.example.com', secret, fetch }
  const told = findingsOf(await diagnose({ oidc: { ...shared, discoveryUrl: false, metadata } }))
  expect(told.filter(({ check }) => check === 'tls')).toEqual([expect.objectContaining({ status: 'unknown' })])
})
