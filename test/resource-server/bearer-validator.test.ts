import { expect, test } from '@jest/globals'
import { refusalOf, testApi } from '../kit/resource-server/api.js'
import { apiUrl, proofClient } from '../kit/resource-server/proof.js'

test('no header, as headers.get() says it, is no credentials', async () => {
  const { validator } = testApi()
  for (const none of [null, undefined]) {
    expect(await refusalOf(validator.validate(none))).toMatchObject({ status: 401, code: 'missing_token' })
  }
})

test('null for the request, or for a part of it, is nothing', async () => {
  const { issuer, validator } = testApi({ dpop: 'allowed', mtls: { source: 'socket' } })
  const nothing = { method: null, url: null, dpop: null, certificateThumbprint: null }
  for (const request of [null, nothing]) {
    const { subject } = await validator.validate(`Bearer ${issuer.accessToken()}`, request)
    expect(subject).toBe('alice')
    const refusal = await refusalOf(validator.validate(`DPoP ${proofClient(issuer).token()}`, request))
    expect(refusal).toMatchObject({ status: 401, code: 'invalid_dpop_proof' })
  }
})

test('a method of null is GET', async () => {
  const { issuer, validator } = testApi({ dpop: { mode: 'allowed', nonce: true } })
  const client = proofClient(issuer)
  const token = client.token()
  const request = { method: null, url: apiUrl, dpop: client.proof(token) }
  expect(await refusalOf(validator.validate(`DPoP ${token}`, request))).toMatchObject({ code: 'use_dpop_nonce' })
})
