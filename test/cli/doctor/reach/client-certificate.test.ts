import { expect, test } from '@jest/globals'
import { checkClientCertificate } from '../../../../lib/cli/doctor/reach/client-certificate.js'
import { createClientServer } from '../../../../lib/cli/doctor/server.js'
import { parseOidcOptions } from '../../../../lib/options/oidc/schema.js'
import { readSurroundings } from '../../../../lib/options/surroundings.js'
import { selfSigned } from '../../../kit/resource-server/certificate.js'

const findingsOf = async (tls?: unknown) => {
  const secret = 'a secret for tests only, 32 characters at least'
  const application = { clientId: 'web', clientSecret: 'x', baseUrl: 'https://app.example.com', secret }
  const configuration = parseOidcOptions({ issuer: 'https://id.example.com', ...application, tls })
  const server = createClientServer({ configuration, isPartial: false }, readSurroundings({}))
  try {
    return await checkClientCertificate(server)
  } finally {
    server.provider.close()
  }
}

const pair = (years: readonly [number, number]) => {
  const { pem: cert, keyPem: key } = selfSigned('client', { years })
  return { cert, key }
}

test.each([
  [pair([2020, 2049]), 'ok', 'the certificate in "tls" is valid until 2049-01-01'],
  [() => pair([2020, 2049]), 'ok', 'the certificate in "tls" is valid until 2049-01-01'],
  [pair([2020, 2021]), 'fail', 'the certificate in "tls" expired on 2021-01-01'],
  [pair([2048, 2049]), 'fail', 'the certificate in "tls" is not valid before 2048-01-01'],
  [() => Promise.reject(new Error('vault')), 'fail', 'the function in "tls" failed'],
])('the doctor looks at the certificate of the client (%#)', async (tls, status, message) => {
  expect(await findingsOf(tls)).toEqual([expect.objectContaining({ check: 'client-certificate', status, message })])
})

test('the doctor has nothing to say of a certificate of the client where there is none', async () => {
  expect(await findingsOf()).toEqual([])
})
