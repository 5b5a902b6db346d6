import dns, { type LookupAddress } from 'node:dns'
import { once } from 'node:events'
import { createServer } from 'node:http'
import { type AddressInfo, isIPv6 } from 'node:net'
import { afterEach, describe, expect, jest, test } from '@jest/globals'
import { createHttpClient } from '../../../lib/provider/transport/http-client.js'
import { isPublicAddress, publicLookup, requirePublicHost } from '../../../lib/provider/transport/public-addresses.js'
import { failureOf } from '../../kit/failure.js'

const ends: (() => void)[] = []
afterEach(() => {
  jest.restoreAllMocks()
  for (const end of ends.splice(0)) end()
})

const privateAddresses = [
  ['this network', '0.0.0.0'],
  ['this network', '0.1.2.3'],
  ['private', '10.0.0.1'],
  ['private', '172.16.0.1'],
  ['private', '172.31.255.255'],
  ['private', '192.168.1.1'],
  ['shared by customers of a carrier', '100.64.0.1'],
  ['shared by customers of a carrier', '100.127.255.255'],
  ['loopback', '127.0.0.1'],
  ['loopback', '127.255.255.254'],
  ['link-local, with the metadata of clouds', '169.254.169.254'],
  ['Azure for its machines', '168.63.129.16'],
  ['of the IETF, with the metadata of Oracle', '192.0.0.192'],
  ['documentation', '192.0.2.1'],
  ['documentation', '198.51.100.1'],
  ['documentation', '203.0.113.1'],
  ['6to4 relay', '192.88.99.1'],
  ['benchmarks', '198.19.255.255'],
  ['multicast', '224.0.0.1'],
  ['multicast', '239.255.255.250'],
  ['reserved', '240.0.0.1'],
  ['broadcast', '255.255.255.255'],
  ['unspecified', '::'],
  ['loopback', '::1'],
  ['unique-local', 'fc00::1'],
  ['unique-local, with the metadata of AWS', 'fd00:ec2::254'],
  ['link-local', 'fe80::1'],
  ['link-local with a zone', 'fe80::1%eth0'],
  ['site-local', 'fec0::1'],
  ['multicast', 'ff02::1'],
  ['IPv4-mapped, private', '::ffff:10.0.0.1'],
  ['IPv4-mapped, in hexadecimal', '::ffff:7f00:1'],
  ['IPv4-mapped, public', '::ffff:1.1.1.1'],
  ['IPv4-compatible', '::127.0.0.1'],
  ['IPv4-translated', '::ffff:0:127.0.0.1'],
  ['NAT64 of a private one', '64:ff9b::10.0.0.1'],
  ['NAT64 of the metadata of clouds', '64:ff9b::a9fe:a9fe'],
  ['NAT64 of the unspecified one', '64:ff9b::'],
  ['NAT64 of a local network', '64:ff9b:1::1.1.1.1'],
  ['6to4 of a private one', '2002:a00:1::1'],
  ['6to4', '2002:101:101::1'],
  ['Teredo', '2001:0:1:2::3'],
  ['documentation', '2001:db8::1'],
  ['documentation', '3fff::1'],
  ['discard-only', '100::1'],
  ['no address', 'localhost'],
  ['no address', ''],
] as const

const publicAddresses = [
  '1.1.1.1',
  '9.255.255.255',
  '11.0.0.0',
  '100.63.255.255',
  '100.128.0.0',
  '128.0.0.0',
  '169.253.255.255',
  '172.15.255.255',
  '172.32.0.0',
  '192.167.255.255',
  '198.17.255.255',
  '223.255.255.255',
  '2606:4700:4700::1111',
  '2a00:1450:4001:830::200e',
  '2001:200::1',
  '64:ff9b::1.1.1.1',
] as const

/** DNS that answers with these addresses, one list for each lookup. */
function dnsOf(...answers: readonly (readonly string[])[]) {
  const lists = answers.map((list): LookupAddress[] =>
    list.map((address) => ({ address, family: isIPv6(address) ? 6 : 4 })),
  )
  const asked: string[] = []
  const answer = (name: string, _options: unknown, done: (error: Error | null, list: LookupAddress[]) => void) => {
    asked.push(name)
    done(null, lists[Math.min(asked.length, lists.length) - 1] ?? [])
  }
  jest.spyOn(dns, 'lookup').mockImplementation(answer as never)
  return asked
}

function lookUp(name: string, options: { all?: boolean } = {}): Promise<unknown> {
  return new Promise((resolve, reject) => {
    publicLookup(name, options, (error, address, family) => {
      if (error === null) resolve(options.all === true ? address : { address, family })
      else reject(error)
    })
  })
}

async function listeningAt(address: string) {
  const seen: string[] = []
  const server = createServer((req, res) => {
    seen.push(String(req.headers.host))
    res.end('secret of this network')
  })
  let connections = 0
  server.on('connection', () => (connections += 1))
  await once(server.listen(0, address), 'listening')
  ends.push(() => {
    server.close()
    server.closeAllConnections()
  })
  return { seen, connections: () => connections, port: (server.address() as AddressInfo).port }
}

function checking(changes = {}) {
  const settings = { fetch: undefined, httpTimeoutSeconds: 5, dangerouslyAllowHttp: true, allowPrivateAddresses: false }
  const httpClient = createHttpClient({ ...settings, issuer: 'https://id.customer.example', ...changes })
  ends.push(() => httpClient.close())
  return httpClient
}

describe('an address', () => {
  test.each(privateAddresses)('that is %s is not public: %s', (_kind, address) => {
    expect(isPublicAddress(address)).toBe(false)
  })

  test.each(publicAddresses)('of the internet is public: %s', (address) => {
    expect(isPublicAddress(address)).toBe(true)
  })
})

describe('a host', () => {
  test.each([
    'http://2130706433/',
    'http://0x7f.1/',
    'http://0177.0.0.1/',
    'http://127.1/',
    'http://169.254.169.254/latest/meta-data/',
    'http://[::1]/',
    'http://[::ffff:169.254.169.254]/',
    'http://idp.localhost/',
  ])('is refused without a lookup, however it is spelled: %s', (url) => {
    expect(() => requirePublicHost(new URL(url).hostname)).toThrow('private network')
  })

  test.each(['https://1.1.1.1/', 'https://[2606:4700:4700::1111]/', 'https://id.customer.example/'])(
    'that is public, or has to be looked up, is not refused: %s',
    (url) => {
      expect(() => requirePublicHost(new URL(url).hostname)).not.toThrow()
    },
  )
})

describe('a lookup', () => {
  test('gives the addresses that it has checked, from one question', async () => {
    const asked = dnsOf(['1.1.1.1', '2606:4700:4700::1111'], ['127.0.0.1'])
    expect(await lookUp('id.customer.example', { all: true })).toEqual([
      { address: '1.1.1.1', family: 4 },
      { address: '2606:4700:4700::1111', family: 6 },
    ])
    expect(asked).toEqual(['id.customer.example'])
  })

  test('gives one address to who asks for one', async () => {
    dnsOf(['2606:4700:4700::1111', '1.1.1.1'])
    expect(await lookUp('id.customer.example')).toEqual({ address: '2606:4700:4700::1111', family: 6 })
  })

  test('fails if one of several addresses is private', async () => {
    dnsOf(['1.1.1.1', '10.0.0.1'])
    expect(await failureOf(lookUp('id.customer.example', { all: true }))).toMatchObject({
      code: 'provider_address_refused',
    })
  })

  test('that finds nothing fails', async () => {
    dnsOf([])
    expect(await failureOf(lookUp('id.customer.example'))).toMatchObject({ code: 'provider_address_refused' })
  })

  test('passes an error of DNS on', async () => {
    const missing = Object.assign(new Error('getaddrinfo ENOTFOUND'), { code: 'ENOTFOUND' })
    jest
      .spyOn(dns, 'lookup')
      .mockImplementation(((_n: string, _o: unknown, done: (e: Error) => void) => done(missing)) as never)
    expect(await failureOf(lookUp('id.customer.example'))).toBe(missing)
  })
})

describe('a client that refuses private addresses', () => {
  test.each(['169.254.169.254', '10.0.0.1', '::1', 'fd00:ec2::254'])(
    'does not connect where a name leads to %s, and does not say where that was',
    async (address) => {
      dnsOf([address])
      const error = await failureOf(checking().request('https://id.customer.example/jwks'))
      expect(error).toMatchObject({ code: 'provider_address_refused', status: 503, expose: false })
      expect(error.headers).toEqual({ 'Retry-After': '5' })
      expect(JSON.stringify([error.message, String(error.cause)])).not.toContain(address)
    },
  )

  test.each([
    ['an address', '127.0.0.1'],
    ['a name of this machine', 'localhost'],
    ['a name below localhost', 'idp.localhost'],
  ])('sends nothing to a server of this machine by %s', async (_what, host) => {
    const server = await listeningAt('127.0.0.1')
    const error = await failureOf(checking().request(`http://${host}:${server.port}/`))
    expect(error).toMatchObject({ code: 'provider_address_refused' })
    expect(server.connections()).toBe(0)
  })

  test('sends nothing to a server of this machine over IPv6', async () => {
    const server = await listeningAt('::1')
    const error = await failureOf(checking().request(`http://[::1]:${server.port}/`))
    expect(error).toMatchObject({ code: 'provider_address_refused' })
    expect(server.connections()).toBe(0)
  })

  test('checks each connection: a name that changes between two requests gains nothing', async () => {
    const server = await listeningAt('127.0.0.1')
    const asked = dnsOf(['192.0.2.1'], ['127.0.0.1'])
    const httpClient = checking()
    for (const round of [1, 2]) {
      const error = await failureOf(httpClient.request(`http://id.customer.example:${server.port}/`))
      expect([round, error.code, asked.length]).toEqual([round, 'provider_address_refused', round])
    }
    expect(server.connections()).toBe(0)
  })

  test('reaches the internal origin, and that origin only', async () => {
    const inside = await listeningAt('127.0.0.1')
    const other = await listeningAt('127.0.0.1')
    const httpClient = checking({ internalOrigin: `http://127.0.0.1:${inside.port}` })
    await httpClient.request('https://id.customer.example/jwks')
    expect(inside.seen).toEqual([`127.0.0.1:${inside.port}`])
    const error = await failureOf(httpClient.request(`http://127.0.0.1:${other.port}/`))
    expect([error.code, other.connections()]).toEqual(['provider_address_refused', 0])
  })

  test('cannot be made with a fetch of the application, which looks names up by itself', () => {
    expect(() => checking({ fetch: globalThis.fetch })).toThrow(/allowPrivateAddresses: false cannot .* "fetch"/)
  })
})

test('a client reaches private addresses by default', async () => {
  const server = await listeningAt('127.0.0.1')
  const httpClient = checking({ allowPrivateAddresses: undefined })
  await httpClient.request(`http://localhost:${server.port}/`)
  expect(server.connections()).toBe(1)
})
