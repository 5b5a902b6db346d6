import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { type RequestListener, createServer } from 'node:http'
import { listen } from '../kit/listen.js'
import { startWorld, type World } from '../kit/world/world.js'

/** A second address of the provider, such as that of a container. */
interface Address {
  readonly origin: string
  readonly requests: string[]
  readonly hosts: Set<string>
  open(provider: RequestListener): void
  close(): Promise<void>
}

async function openAddress(): Promise<Address> {
  const requests: string[] = []
  const hosts = new Set<string>()
  let provider: RequestListener = (_req, res) => res.writeHead(404).end()
  const { origin, close } = await listen(
    createServer((req, res) => {
      requests.push(`${req.method} ${req.url?.split('?')[0]}`)
      hosts.add(String(req.headers.host))
      provider(req, res)
    }),
  )
  return { origin, requests, hosts, open: (listener) => void (provider = listener), close }
}

describe('a provider that this server reaches at an internal address', () => {
  let address: Address
  let world: World
  beforeEach(async () => {
    address = await openAddress()
    world = await startWorld({ oidc: { internalOrigin: address.origin } })
    // It names its endpoints by the host that it was asked at, and has one issuer.
    address.open(world.provider.provider.callback())
  })
  afterEach(async () => {
    await world.close()
    await address.close()
  })

  test('signs people in at its public address, and answers this server at the internal one', async () => {
    await world.signIn()
    expect(await world.me()).toMatchObject({ auth: { issuer: world.provider.issuer } })
    expect(address.requests).toEqual(['GET /.well-known/openid-configuration', 'POST /token', 'GET /jwks'])
    expect([...address.hosts]).toEqual([new URL(address.origin).host])
    const asked = world.provider.requests.map((request) => request.split(' ')[1] ?? '')
    expect(asked.filter((path) => /^\/(token|jwks|\.well-known)/.test(path))).toEqual([])
  })

  test('signs people out at its public address', async () => {
    await world.signIn()
    await world.browser.navigate(world.url('/logout'), { site: 'same-origin', follow: true })
    expect(await world.me()).toEqual({ user: null, auth: null })
    expect(world.provider.requests.some((request) => request.includes('/session/end'))).toBe(true)
  })
})
