import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import {
  Client,
  DpopSession,
  type OAuthClientProvider,
  type OAuthDiscoveryState,
  type StoredOAuthTokens,
  StreamableHTTPClientTransport,
  UnauthorizedError,
} from '@modelcontextprotocol/client'
import { createMcpHandler, McpServer } from '@modelcontextprotocol/server'
import express from 'express'
import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { bearer, requireAuth, resourceMetadata, scope } from '../../lib/index.js'
import { Browser } from '../hosts/client.js'
import { type RealProvider, startRealProvider } from '../provider-real/provider.js'

const callback = 'http://127.0.0.1:9/callback'
let provider: RealProvider
let server: Server
let url: string

const tools = createMcpHandler(({ authInfo }) => {
  const mcp = new McpServer({ name: 'orders', version: '1.0.0' })
  const whoami = async () => ({
    content: [{ type: 'text' as const, text: `${String(authInfo?.extra?.['subject'])} by ${authInfo?.clientId}` }],
  })
  mcp.registerTool('whoami', { description: 'Says who is asking.' }, whoami)
  return mcp
})

// What an application writes beside its tools: the lines between the marks are all that protects them.
function protect(app: express.Express, issuer: string, resource: string): void {
  // ---
  const metadata = resourceMetadata({ resource, authorizationServers: [issuer], scopes: ['tools:call'] })
  app.use(metadata)
  app.use('/mcp', bearer({ issuer, audience: resource, resourceMetadata: metadata }))
  app.use('/mcp', requireAuth(scope('tools:call')))
  // ---
}

async function serveTools(req: express.Request, res: express.Response): Promise<void> {
  const { auth } = req
  const authInfo = {
    token: auth?.token ?? '',
    clientId: auth?.clientId ?? '',
    scopes: [...(auth?.scopes ?? [])],
    extra: { subject: auth?.subject },
  }
  const headers = Object.entries(req.headersDistinct).flatMap(([name, values]) =>
    (values ?? []).map((value): [string, string] => [name, value]),
  )
  const body = req.method === 'POST' ? JSON.stringify(req.body) : null
  const answer = await tools.fetch(new Request(url, { method: req.method, headers, body }), {
    authInfo,
    parsedBody: req.body,
  })
  res.writeHead(answer.status, Object.fromEntries(answer.headers))
  res.end(Buffer.from(await answer.arrayBuffer()))
}

beforeAll(async () => {
  const app = express()
  server = app.listen(0, '127.0.0.1')
  await new Promise((resolve) => server.once('listening', resolve))
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/mcp`
  const client = { client_id: 'assistant', token_endpoint_auth_method: 'none' as const, redirect_uris: [callback] }
  provider = await startRealProvider({
    clients: [{ ...client, application_type: 'native', grant_types: ['authorization_code'], response_types: ['code'] }],
    resources: { [url]: 'tools:call tools:list', [`${url}-bound`]: 'tools:call' },
  })
  protect(app, provider.issuer, url)
  const [dpop, baseUrl] = ['required' as const, new URL(url).origin]
  const metadata = resourceMetadata({
    resource: `${url}-bound`,
    authorizationServers: [provider.issuer],
    dpopRequired: true,
    scopes: ['tools:call'],
  })
  app.use(metadata)
  app.use(
    '/mcp-bound',
    bearer({ issuer: provider.issuer, audience: `${url}-bound`, dpop, baseUrl, resourceMetadata: metadata }),
  )
  app.use('/mcp-bound', express.json(), serveTools)
  app.use('/mcp', express.json(), serveTools)
})

afterAll(async () => {
  server.closeAllConnections()
  server.close()
  await tools.close()
  await provider.close()
})

/** A client that was registered by hand, and whose person signs in with a browser. */
class Person implements OAuthClientProvider {
  readonly redirectUrl = callback
  readonly clientMetadata = { redirect_uris: [callback], token_endpoint_auth_method: 'none' }
  readonly browser = new Browser()
  answered: URL | undefined
  asked: URL | undefined
  #tokens: StoredOAuthTokens | undefined
  #verifier = ''
  #discovered: OAuthDiscoveryState | undefined
  readonly #session: Promise<DpopSession> | undefined

  constructor(proofs: 'with proofs' | 'without' = 'without') {
    this.#session = proofs === 'without' ? undefined : DpopSession.create()
  }

  dpop() {
    return this.#session
  }
  saveDiscoveryState(state: OAuthDiscoveryState) {
    this.#discovered = state
  }
  discoveryState() {
    return this.#discovered
  }

  clientInformation() {
    return { client_id: 'assistant' }
  }
  tokens() {
    return this.#tokens
  }
  saveTokens(tokens: StoredOAuthTokens) {
    this.#tokens = tokens
  }
  saveCodeVerifier(verifier: string) {
    this.#verifier = verifier
  }
  codeVerifier() {
    return this.#verifier
  }
  async redirectToAuthorization(authorization: URL) {
    this.asked = authorization
    let next = authorization.href
    for (let i = 0; i < 10 && !next.startsWith(callback); i++) next = (await this.browser.navigate(next)).location ?? ''
    this.answered = new URL(next)
  }
}

describe('an MCP server on Express', () => {
  test('shows a client that knows nothing where to sign in, and then lets it call a tool', async () => {
    const person = new Person()
    const first = new StreamableHTTPClientTransport(new URL(url), { authProvider: person })
    const newcomer = new Client({ name: 'assistant', version: '1.0.0' })
    await expect(newcomer.connect(first)).rejects.toBeInstanceOf(UnauthorizedError)

    expect(person.asked?.origin).toBe(provider.issuer)
    expect(person.asked?.searchParams.get('resource')).toBe(url)
    expect(person.asked?.searchParams.get('scope')).toBe('tools:call')
    await first.finishAuth(person.answered?.searchParams ?? new URLSearchParams())

    const client = new Client({ name: 'assistant', version: '1.0.0' })
    await client.connect(new StreamableHTTPClientTransport(new URL(url), { authProvider: person }))
    await expect(client.listTools()).resolves.toMatchObject({ tools: [{ name: 'whoami' }] })
    const { content } = await client.callTool({ name: 'whoami', arguments: {} })
    expect(content).toEqual([{ type: 'text', text: 'alice by assistant' }])
    await client.close()
  })

  test('accepts tokens that are bound to a key of the client, each request with a new proof', async () => {
    const person = new Person('with proofs')
    const bound = new URL(`${url}-bound`)
    const first = new StreamableHTTPClientTransport(bound, { authProvider: person })
    await expect(new Client({ name: 'x', version: '1' }).connect(first)).rejects.toBeInstanceOf(UnauthorizedError)
    await first.finishAuth(person.answered?.searchParams ?? new URLSearchParams())
    expect(person.tokens()).toMatchObject({ token_type: 'DPoP' })

    const client = new Client({ name: 'assistant', version: '1.0.0' })
    await client.connect(new StreamableHTTPClientTransport(bound, { authProvider: person }))
    const { content } = await client.callTool({ name: 'whoami', arguments: {} })
    expect(content).toEqual([{ type: 'text', text: 'alice by assistant' }])
    await client.close()
    const authorization = `Bearer ${person.tokens()?.access_token}`
    expect((await fetch(bound, { method: 'POST', headers: { authorization } })).status).toBe(401)
  })

  test('answers requests without a token with 401 and the address of its metadata, whatever is asked', async () => {
    for (const method of ['GET', 'POST', 'DELETE']) {
      const answer = await fetch(url, { method })
      expect(answer.status).toBe(401)
      const metadata = new URL(url)
      metadata.pathname = '/.well-known/oauth-protected-resource/mcp'
      expect(answer.headers.get('www-authenticate')).toBe(`Bearer resource_metadata="${metadata.href}"`)
      expect(await (await fetch(metadata)).json()).toEqual({
        resource: url,
        authorization_servers: [provider.issuer],
        scopes_supported: ['tools:call'],
        bearer_methods_supported: ['header'],
      })
    }
  })

  test('answers a token without the scope with 403 that names the scope', async () => {
    const form = new URLSearchParams({ grant_type: 'client_credentials', resource: url, scope: 'tools:list' })
    const { clientId, clientSecret } = provider.machine
    const authorization = `Basic ${Buffer.from(`${clientId}:${clientSecret}`).toString('base64')}`
    const granted = await fetch(`${provider.issuer}/token`, { method: 'POST', body: form, headers: { authorization } })
    const { access_token: token } = (await granted.json()) as { access_token: string }
    const answer = await fetch(url, { method: 'POST', headers: { authorization: `Bearer ${token}` } })
    expect(answer.status).toBe(403)
    expect(answer.headers.get('www-authenticate')).toMatch(
      /^Bearer error="insufficient_scope".* scope="tools:call", resource_metadata="[^"]+"$/,
    )
  })
})
