import { afterEach, describe, expect, test } from '@jest/globals'
import { resourceMetadata } from '../../lib/index.js'
import { createResourceMetadata } from '../../lib/middleware/resource-metadata.js'
import { parseResourceMetadataOptions } from '../../lib/options/bearer/resource-metadata.js'
import { type Host, type RunningHost, hosts } from '../hosts/hosts.js'
import { apiProvider } from '../kit/provider/provider.js'

const closing: RunningHost[] = []
afterEach(async () => {
  await Promise.all(closing.splice(0).map((app) => app.close()))
})
const start = async (...[host, layers]: [Host, Parameters<Host['start']>[0]]) => {
  const app = await host.start(layers)
  closing.push(app)
  return app
}

const authorizationServers = ['https://issuer.example.com']
const resource = 'https://mcp.example.com/mcp'
const root = '/.well-known/oauth-protected-resource'
const mirror = '/.well-known/oauth-authorization-server'

describe.each(hosts)('resourceMetadata() on $name', (host) => {
  test('serves the document at the root, too, if that is configured', async () => {
    const app = await start(host, () => [resourceMetadata({ resource, authorizationServers, atRoot: true })])
    for (const path of [root, `${root}/mcp`]) {
      expect(await (await fetch(app.url + path)).json()).toMatchObject({ resource })
    }
    expect((await fetch(app.url + mirror)).status).toBe(404)
  })

  test('publishes the metadata of the authorization server if that is configured', async () => {
    const issuer = apiProvider()
    issuer.metadata = { ...issuer.metadata, registration_endpoint: `${issuer.issuer}/register` }
    const options = {
      resource,
      authorizationServers: [issuer.issuer],
      mirrorAuthorizationServer: true,
      fetch: issuer.fetch,
    }
    const metadata = createResourceMetadata(parseResourceMetadataOptions(options), issuer.clock)
    const app = await start(host, () => [metadata])
    for (let i = 0; i < 3; i++) {
      const answer = await fetch(app.url + mirror)
      expect(answer.headers.get('access-control-allow-origin')).toBe('*')
      expect(await answer.json()).toMatchObject({
        issuer: issuer.issuer,
        registration_endpoint: `${issuer.issuer}/register`,
      })
    }
    expect(issuer.requests).toHaveLength(1)
    expect((await fetch(app.url + mirror, { method: 'OPTIONS' })).status).toBe(204)
    expect((await fetch(app.url + mirror, { method: 'POST' })).status).toBe(405)
    expect((await fetch(app.url + root)).status).toBe(404)
    metadata.close()
  })

  test('answers 503 while the authorization server is unavailable', async () => {
    const issuer = apiProvider()
    issuer.intercept = () => new Response('', { status: 500 })
    const options = {
      resource,
      authorizationServers: [issuer.issuer],
      mirrorAuthorizationServer: true,
      fetch: issuer.fetch,
    }
    const app = await start(host, () => [createResourceMetadata(parseResourceMetadataOptions(options), issuer.clock)])
    expect((await fetch(app.url + mirror)).status).toBeGreaterThanOrEqual(502)
  })
})

// Plain node:http has no mounting.
describe.each(hosts.filter(({ name }) => name !== 'node:http'))('resourceMetadata() on $name', (host) => {
  test('reports that it is mounted at a path that its URL is not below', async () => {
    const metadata = resourceMetadata({ resource, authorizationServers })
    const app = await start(host, () => [{ mount: '/mcp', handlers: [metadata] }])
    expect((await fetch(`${app.url}/mcp`)).status).toBe(500)
    expect(app.journal.errors[0]).toMatchObject({
      code: 'invalid_options',
      message: expect.stringContaining(
        `resourceMetadata() is mounted at "/mcp", where requests for ${metadata.url} never come`,
      ),
    })
  })
  test.each([`${root}/mcp`, root, '/.well-known'])('serves the document where it is mounted at %s', async (mount) => {
    const metadata = resourceMetadata({ resource, authorizationServers })
    const app = await start(host, () => [{ mount, handlers: [metadata] }])
    for (const query of ['', '?a=1']) {
      expect(await (await fetch(`${app.url}${root}/mcp${query}`)).json()).toMatchObject({ resource })
    }
    expect((await fetch(`${app.url}${root}/mcp/x`)).status).toBe(404)
    expect(app.journal.errors).toEqual([])
  })
})
