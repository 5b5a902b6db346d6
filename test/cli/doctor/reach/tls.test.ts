import { afterEach, describe, expect, test } from '@jest/globals'
import { once } from 'node:events'
import { createServer as createHttpServer } from 'node:http'
import { createServer } from 'node:https'
import { createServer as createTcpServer } from 'node:net'
import { checkTls } from '../../../../lib/cli/doctor/reach/tls.js'
import { probeTls } from '../../../../lib/cli/doctor/reach/tls-probe.js'
import { createClientServer, createServer as createServerOf } from '../../../../lib/cli/doctor/server.js'
import { parseOidcOptions } from '../../../../lib/options/oidc/schema.js'
import { readSurroundings } from '../../../../lib/options/surroundings.js'
import { listen } from '../../../kit/listen.js'
import { type Certificate, selfSigned } from '../../../kit/resource-server/certificate.js'
import { diagnose, findingsOf, secret } from '../diagnosis.js'

const year = new Date().getUTCFullYear()
const authority = selfSigned('The authority of a company', { isAuthority: true })
const signed = { authority: { name: 'The authority of a company', key: authority.key } }
const clientCertificate = selfSigned('client')

let close: (() => Promise<void>) | undefined
afterEach(async () => {
  await close?.()
  close = undefined
})

/** Starts a provider behind this certificate, and examines it at a name. */
async function tlsFindings(
  certificate: Certificate,
  { host = 'localhost', ca = undefined as string | undefined, env = {} } = {},
) {
  const server = createServer({ cert: certificate.pem, key: certificate.keyPem }, (_req, res) => {
    const issuer = `https://${host}:${port}`
    res.setHeader('content-type', 'application/json').end(JSON.stringify({ issuer }))
  })
  const listening = await listen(server)
  close = listening.close
  const { port } = new URL(listening.origin)
  const tls = ca === undefined ? {} : { tls: { cert: clientCertificate.pem, key: clientCertificate.keyPem, ca } }
  const oidc = {
    issuer: `https://${host}:${port}`,
    clientId: 'web',
    baseUrl: 'https://app.example.com',
    secret,
    ...tls,
  }
  return findingsOf(await diagnose({ oidc }, { env }))
}

const parse = (options: object) =>
  parseOidcOptions({ clientId: 'web', baseUrl: 'https://app.example.com', secret, ...options })

const fails = (message: RegExp, fix: RegExp) => ({
  ...{ check: 'tls', status: 'fail' },
  message: expect.stringMatching(message),
  fix: expect.stringMatching(fix),
})

describe('doctor, at a server with TLS', () => {
  test('finds a certificate of an authority that this process does not trust', async () => {
    expect(await tlsFindings(selfSigned('localhost', signed))).toContainEqual(
      fails(
        /is from "The authority of a company", which this process does not trust/,
        /NODE_EXTRA_CA_CERTS=.*"tls\.ca"/,
      ),
    )
  })

  test.each([
    ['O', 'is from "A company", which'],
    ['OU', 'is from "an authority without name", which'],
  ] as const)('names an authority that has no common name, but the attribute %s', async (attribute, message) => {
    const company = { name: 'A company', key: authority.key, attribute }
    expect(await tlsFindings(selfSigned('localhost', { authority: company }))).toContainEqual(
      fails(new RegExp(message), /NODE_EXTRA_CA_CERTS/),
    )
  })

  test('says where authorities go that are given already', async () => {
    const env = { NODE_EXTRA_CA_CERTS: '/etc/ssl/company.pem' }
    expect(await tlsFindings(selfSigned('localhost', signed), { env })).toContainEqual(
      fails(/does not trust/, /put it into the file of NODE_EXTRA_CA_CERTS, which is set/),
    )
  })

  test('finds a certificate that is its own authority', async () => {
    expect(await tlsFindings(selfSigned('localhost'))).toContainEqual(
      fails(/is self-signed \(DEPTH_ZERO_SELF_SIGNED_CERT\)/, /NODE_EXTRA_CA_CERTS/),
    )
  })

  test('finds a certificate that has expired, and one that is not valid yet', async () => {
    const ca = authority.pem
    expect(await tlsFindings(selfSigned('localhost', { ...signed, years: [year - 3, year - 1] }), { ca })).toEqual(
      expect.arrayContaining([fails(new RegExp(`expired on ${year - 1}-01-01`), /renew the certificate/)]),
    )
    await close?.()
    expect(await tlsFindings(selfSigned('localhost', { ...signed, years: [year + 1, year + 2] }), { ca })).toEqual(
      expect.arrayContaining([fails(new RegExp(`not valid before ${year + 1}-01-01`), /clock of this machine/)]),
    )
  })

  test('finds a certificate for another host', async () => {
    expect(await tlsFindings(selfSigned('id.example.com', signed), { ca: authority.pem })).toContainEqual(
      fails(/is not for localhost, but for id\.example\.com/, /use a name that the certificate has/),
    )
  })

  test('names each of several flaws', async () => {
    const found = await tlsFindings(selfSigned('id.example.com', { ...signed, years: [year - 3, year - 1] }))
    expect(found.filter(({ check }) => check === 'tls')).toHaveLength(2)
  })

  test('finds nothing wrong with a certificate that the options trust', async () => {
    const found = await tlsFindings(selfSigned('localhost', signed), { ca: authority.pem })
    expect(found).toContainEqual({
      ...{ check: 'tls', status: 'ok' },
      message: expect.stringContaining(`trusted, and valid until ${year + 2}-01-01`),
    })
    expect(found).toContainEqual(expect.objectContaining({ check: 'issuer', status: 'ok' }))
  })

  test('reaches a name below localhost, whatever DNS says, and shows that name to the server', async () => {
    const host = 'id.localhost'
    expect(await tlsFindings(selfSigned(host, signed), { host, ca: authority.pem })).toContainEqual({
      ...{ check: 'tls', status: 'ok' },
      message: expect.stringMatching(/the certificate of id\.localhost:\d+ is for that name, trusted/),
    })
  })

  test('gives up on a server that takes the connection and says nothing', async () => {
    const silent = createTcpServer().listen(0, '127.0.0.1')
    await once(silent, 'listening')
    close = async () => void silent.close()
    const address = silent.address()
    const port = typeof address === 'object' ? address?.port : undefined
    expect(await probeTls(new URL(`https://127.0.0.1:${port}`), { seconds: 0.1 })).toEqual({
      kind: 'no-connection',
      code: 'TIMEOUT',
    })
  })

  test('finds that the verification of certificates is off', async () => {
    const env = { NODE_TLS_REJECT_UNAUTHORIZED: '0' }
    expect(await tlsFindings(selfSigned('localhost', signed), { ca: authority.pem, env })).toContainEqual(
      fails(/NODE_TLS_REJECT_UNAUTHORIZED=0 .*trust any certificate/, /NODE_EXTRA_CA_CERTS/),
    )
  })

  test('finds http behind an issuer that says https', async () => {
    const listening = await listen(createHttpServer((_req, res) => void res.end()))
    close = listening.close
    const issuer = listening.origin.replace('http:', 'https:')
    const report = await diagnose({ oidc: { issuer, clientId: 'web', baseUrl: 'https://app.example.com', secret } })
    expect(findingsOf(report)).toContainEqual(fails(/does not speak TLS/, /give http:\/\//))
  })

  test('finds that nothing listens behind an issuer that says http', async () => {
    const listening = await listen(createHttpServer())
    await listening.close()
    const report = await diagnose({
      oidc: { issuer: listening.origin, clientId: 'web', baseUrl: 'http://localhost:1', secret },
    })
    expect(findingsOf(report)).toContainEqual(fails(/nothing listens there \(ECONNREFUSED\)/, /check host and port/))
  })

  test('finds TLS behind an issuer that says http', async () => {
    const server = createServer({ cert: authority.pem, key: authority.keyPem }, (_req, res) => void res.end())
    const listening = await listen(server)
    close = listening.close
    const report = await diagnose({
      oidc: { issuer: listening.origin, clientId: 'web', baseUrl: 'http://localhost:1', secret },
    })
    expect(findingsOf(report)).toContainEqual(fails(/speaks TLS, and the URL is http/, /give https:\/\//))
  })

  test('warns of a certificate that ends soon', async () => {
    const { pem: cert, keyPem: key } = selfSigned('localhost', signed)
    const listening = await listen(createServer({ cert, key }))
    close = listening.close
    const now = () => Date.UTC(year + 2, 0, 1) - 5 * 86_400_000
    const tls = { cert: clientCertificate.pem, key: clientCertificate.keyPem, ca: [authority.pem] }
    const issuer = listening.origin.replace('http://127.0.0.1', 'https://localhost')
    const { settings } = createClientServer(
      { configuration: parse({ issuer, tls }), isPartial: false },
      readSurroundings({}),
    )
    const server = createServerOf({ ...settings, runtime: { ...settings.runtime, now } }, readSurroundings({}))
    expect(await checkTls(server, issuer)).toEqual([
      expect.objectContaining({ status: 'warn', message: expect.stringContaining('5 more days') }),
    ])
  })

  test.each([
    ['https://127.0.0.1:1', /no connection to 127\.0\.0\.1:1: nothing listens there \(ECONNREFUSED\)/],
    ['https://[::1]:1', /no connection to \[::1\]:1: /],
  ])('says why there is no connection to %s', async (issuer, message) => {
    const report = await diagnose({ oidc: { issuer, clientId: 'web', baseUrl: 'https://app.example.com', secret } })
    expect(findingsOf(report)).toContainEqual(fails(message, /host and port of the issuer/))
  })
})
