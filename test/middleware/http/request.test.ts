import { describe, expect, test } from '@jest/globals'
import { ServerResponse } from 'node:http'
import { createBearer } from '../../../lib/middleware/bearer.js'
import { headerValues } from '../../../lib/middleware/http/request.js'
import { parseBearerOptions } from '../../../lib/options/bearer/schema.js'
import { apiProvider, audience } from '../../kit/provider/provider.js'
import { selfSigned } from '../../kit/resource-server/certificate.js'
import { apiUrl, proofClient } from '../../kit/resource-server/proof.js'
import { adaptedRequest } from '../../kit/adapted-request.js'

/** Presents a request with these headers to `bearer()`, as an adapter makes it; answers with a status. */
async function statusOf(
  { issuer, ...options }: Record<string, unknown> & { issuer: ReturnType<typeof apiProvider> },
  headers: Readonly<Record<string, string | string[]>>,
): Promise<number> {
  const given = { issuer: issuer.issuer, audience, fetch: issuer.fetch, baseUrl: 'https://api.example.com', ...options }
  const api = createBearer(parseBearerOptions(given), issuer.clock)
  const req = adaptedRequest({ url: '/orders', headers })
  const res = new ServerResponse(req)
  return new Promise((resolve) => {
    Object.assign(res, { end: () => resolve(res.statusCode) })
    api(req, res, (error) => resolve(error === undefined ? 200 : 500))
  })
}

describe('a request whose adapter fills in nothing but headers, as on AWS Lambda', () => {
  test('has its API key', async () => {
    const verify = (key: string) => (key === 'good' ? { subject: 'billing' } : undefined)
    const options = { issuer: apiProvider(), apiKey: { header: 'X-Api-Key', verify } }
    expect(await statusOf(options, { 'x-api-key': 'good' })).toBe(200)
    expect(await statusOf(options, { 'x-api-key': 'bad' })).toBe(401)
    expect(await statusOf(options, { 'x-api-key': ['good', 'good'] })).toBe(400)
    expect(await statusOf(options, { 'x-api-key': 'good, good' })).toBe(401)
  })

  test('has its DPoP proof, if it is the only one', async () => {
    const issuer = apiProvider()
    const client = proofClient(issuer)
    const token = client.token()
    const proof = () => client.proof(token, { claims: { htu: apiUrl } })
    const send = (dpop: string | string[]) =>
      statusOf({ issuer, dpop: 'required' }, { authorization: `DPoP ${token}`, dpop })
    expect(await send(proof())).toBe(200)
    expect(await send([proof(), proof()])).toBe(401)
    expect(await send(`${proof()}, ${proof()}`)).toBe(401)
  })

  test('has its certificate, if it is the only one and the address is trusted', async () => {
    const client = selfSigned('client')
    const issuer = apiProvider()
    const mtls = { source: 'header', header: 'X-Cert', format: 'pem-urlencoded', trustedProxies: ['192.0.2.1'] }
    const authorization = `Bearer ${issuer.accessToken({ cnf: { 'x5t#S256': client.thumbprint } })}`
    const certificate = encodeURIComponent(client.pem)
    expect(await statusOf({ issuer, mtls }, { authorization, 'x-cert': certificate })).toBe(200)
    expect(await statusOf({ issuer, mtls }, { authorization, 'x-cert': [certificate, certificate] })).toBe(401)
    const elsewhere = { ...mtls, trustedProxies: ['192.0.2.2'] }
    expect(await statusOf({ issuer, mtls: elsewhere }, { authorization, 'x-cert': certificate })).toBe(401)
  })
})

describe('the values of a header', () => {
  test('are those of the lines that came, where there are any', () => {
    const req = { rawHeaders: ['X-A', '1', 'x-a', '2', 'X-B', 'x-a'], headers: { 'x-a': '1', 'x-c': '3' } }
    expect(headerValues(req, 'x-a')).toEqual(['1', '2'])
    expect(headerValues(req, 'x-c')).toEqual([])
  })

  test('are none where there is no such header', () => {
    expect(headerValues({ rawHeaders: [], headers: {} }, 'x-a')).toEqual([])
  })
})
