import { describe, expect, test } from '@jest/globals'
import { configurationsOf, flawsOf } from '../../../lib/cli/doctor/configurations.js'
import { secret } from './diagnosis.js'

const issuer = 'https://id.example.com'
const baseUrl = 'https://app.example.com'
const issuersIn = (options: unknown) =>
  configurationsOf(options).clients.map(({ configuration }) => configuration.issuer)

describe('options of the doctor', () => {
  test('are those of one provider, or of several by name', () => {
    const one = { issuer, clientId: 'web' }
    expect(configurationsOf({ ...one, baseUrl, secret }).clients).toEqual([
      expect.objectContaining({ isPartial: false }),
    ])
    const several = configurationsOf({ providers: { work: one, home: one }, baseUrl, secret })
    expect(several.clients.map(({ name, isPartial }) => [name, isPartial])).toEqual([
      ['work', false],
      ['home', false],
    ])
  })

  test.each([undefined, null, 'https://id.example.com', [], { issuer: 7 }, { issuer: 'id' }])(
    'may be nothing that leads to a provider: %j',
    (options) => {
      const { application, clients, findings } = configurationsOf(options)
      expect([application, clients]).toEqual([undefined, []])
      expect(findings.every(({ status, fix }) => status === 'fail' && fix !== undefined)).toBe(true)
    },
  )

  test('lead to the provider where others are invalid, first with what says how to reach it', () => {
    const { clients } = configurationsOf({ issuer, internalOrigin: 'http://keycloak:8080', secret: 'short' })
    expect(clients).toEqual([expect.objectContaining({ isPartial: true })])
    expect(clients[0]?.configuration.internalOrigin).toBe('http://keycloak:8080')
    expect(issuersIn({ issuer: ` ${issuer}/.well-known/openid-configuration`, tls: 7, secret: 'short' })).toEqual([
      issuer,
    ])
  })

  test('lead to each of several providers where one is invalid', () => {
    const providers = { work: { issuer, clientId: 'web' }, home: { issuer: `${issuer}/2`, scop: 'x' }, nowhere: {} }
    expect(issuersIn({ providers, baseUrl, secret })).toEqual([issuer, `${issuer}/2`])
    expect(issuersIn({ providers: 7, baseUrl, secret })).toEqual([])
  })

  test('have each flaw as a finding of its own, with a fix by the option', () => {
    const found = configurationsOf({ clientId: '', secret: 'short', scop: 'x' }).findings
    expect(found.map(({ fix }) => fix)).toEqual(
      expect.arrayContaining([
        expect.stringContaining('(ISSUER)'),
        expect.stringContaining('(BASE_URL)'),
        expect.stringContaining('(CLIENT_ID)'),
        expect.stringContaining('openssl rand'),
        expect.stringContaining('correct the name'),
      ]),
    )
    expect(flawsOf('something is wrong')).toEqual([
      { check: 'options', status: 'fail', message: 'something is wrong', fix: expect.stringContaining('docs/options') },
    ])
  })
})
