import { describe, expect, test } from '@jest/globals'
import { diagnose, findingsOf, secret } from '../diagnosis.js'
import { keyPair } from '../../../kit/key-pair.js'

const issuer = 'https://id.example.com'
const metadata = {
  issuer,
  authorization_endpoint: `${issuer}/authorize`,
  token_endpoint: `${issuer}/token`,
  jwks_uri: `${issuer}/jwks`,
}
const { publicKey, privateKey } = keyPair('rsa', { modulusLength: 2048 })
const keys = { keys: [{ ...publicKey.export({ format: 'jwk' }), use: 'sig', alg: 'RS256', kid: 'k' }] }
const json = (body: object, status = 200) =>
  new Response(JSON.stringify(body), { status, headers: { 'content-type': 'application/json' } })

/** What a request proves, as a provider sees it. */
interface Proof {
  readonly basic: string | undefined
  readonly form: URLSearchParams
}

interface Provider {
  readonly token: (proof: Proof) => Response
  readonly authorize?: (url: URL) => Response
  readonly push?: (proof: Proof) => Response
  readonly revoke?: (proof: Proof) => Response
}

/** A provider whose answers are as those of one that somebody runs. */
function providerThat({ token, push, revoke, authorize = () => new Response('a page') }: Provider): typeof fetch {
  return async (input, init) => {
    const url = new URL(String(input))
    const header = new Headers(init?.headers).get('authorization')
    const proof = {
      basic: header === null ? undefined : Buffer.from(header.slice(6), 'base64').toString(),
      form: new URLSearchParams(init?.body?.toString()),
    }
    if (url.pathname === '/token') return token(proof)
    if (url.pathname === '/par') return push?.(proof) ?? json({}, 404)
    if (url.pathname === '/revoke') return revoke?.(proof) ?? json({}, 404)
    if (url.pathname === '/authorize') return authorize(url)
    if (url.pathname === '/jwks') return json(keys)
    const par = push === undefined ? {} : { pushed_authorization_request_endpoint: `${issuer}/par` }
    const revocation = revoke === undefined ? {} : { revocation_endpoint: `${issuer}/revoke` }
    return json({ ...metadata, ...par, ...revocation })
  }
}

async function findings(provider: Provider, options: object = {}) {
  const oidc = {
    ...{
      issuer,
      clientId: 'web',
      clientSecret: 'right-secret-of-the-client',
      baseUrl: 'https://app.example.com',
      secret,
    },
    ...{ fetch: providerThat(provider), ...options },
  }
  const report = await diagnose({ oidc })
  return new Map(findingsOf(report).map((finding) => [finding.check, finding]))
}

const invalidGrant = (status = 400) => json({ error: 'invalid_grant' }, status)
const cut = () => {
  throw Object.assign(new Error('cut'), { code: 'ECONNRESET' })
}
const isRight = ({ basic, form }: Proof) => basic === 'web:right-secret-of-the-client' || form.has('client_assertion')

describe('doctor, about the credentials of the client', () => {
  test('counts them as accepted if made-up ones are refused', async () => {
    const seen: Proof[] = []
    const token = (proof: Proof) => {
      seen.push(proof)
      return isRight(proof) ? invalidGrant() : json({ error: 'invalid_client' }, 401)
    }
    expect((await findings({ token })).get('client')).toMatchObject({ status: 'ok' })
    expect(seen.map(isRight)).toEqual([true, false])
    expect(seen.map(({ form }) => form.get('grant_type'))).toEqual(['authorization_code', 'authorization_code'])
  })

  test('does not judge if the provider looks at the code before it looks at the client', async () => {
    expect((await findings({ token: () => invalidGrant() })).get('client')).toMatchObject({
      status: 'unknown',
      message: expect.stringContaining('does not refuse made-up credentials either'),
    })
  })

  test('asks the endpoint for pushed requests then, if there is one', async () => {
    const push = (proof: Proof) =>
      isRight(proof) ? json({ request_uri: 'urn:x', expires_in: 9 }, 201) : json({ error: 'invalid_client' }, 401)
    expect((await findings({ token: () => invalidGrant(), push })).get('client')).toMatchObject({ status: 'ok' })
  })

  test('asks the endpoint for revocation at last, about a token that was never issued', async () => {
    const revoke = (proof: Proof) => (isRight(proof) ? new Response('') : json({ error: 'invalid_client' }, 401))
    expect((await findings({ token: () => invalidGrant(), revoke })).get('client')).toMatchObject({ status: 'ok' })
    const refuse = () => json({ error: 'invalid_client' }, 401)
    expect((await findings({ token: () => invalidGrant(), revoke: refuse })).get('client')).toMatchObject({
      status: 'warn',
    })
  })

  test('finds a refused client by the status alone, as unauthorized_client of Keycloak', async () => {
    const token = () => json({ error: 'unauthorized_client', error_description: 'Invalid client credentials' }, 401)
    expect((await findings({ token })).get('client')).toMatchObject({
      status: 'fail',
      message: expect.stringContaining(
        'refuses the client "web" (status 401, unauthorized_client, "Invalid client credentials")',
      ),
    })
  })

  test('finds a client that may not use the grant, as unauthorized_client of RFC 6749', async () => {
    const token = (proof: Proof) =>
      isRight(proof) ? json({ error: 'unauthorized_client' }, 400) : json({ error: 'invalid_client' }, 401)
    expect((await findings({ token })).get('client')).toMatchObject({
      status: 'fail',
      fix: expect.stringContaining('allow the authorization code grant'),
    })
  })

  test('finds the method of authentication that the provider takes', async () => {
    const token = ({ form }: Proof) =>
      form.has('client_secret') ? invalidGrant() : json({ error: 'invalid_client' }, 401)
    expect((await findings({ token })).get('client')).toMatchObject({
      status: 'fail',
      fix: expect.stringContaining(`set "clientAuthentication" to 'client_secret_post'`),
    })
  })

  test('spoils the signature of an assertion, and nothing else of it', async () => {
    const seen: string[] = []
    const token = ({ form }: Proof) => {
      seen.push(form.get('client_assertion') ?? '')
      return seen.length === 1 ? invalidGrant() : json({ error: 'invalid_client' }, 401)
    }
    const clientAssertionKey = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()
    const found = await findings({ token }, { clientSecret: undefined, clientAssertionKey })
    expect(found.get('client')).toMatchObject({ status: 'ok' })
    const [real = [], spoiled = []] = seen.map((assertion) => assertion.split('.'))
    expect([spoiled.length, spoiled[0], spoiled[2]?.length]).toEqual([3, real[0], real[2]?.length])
    expect(spoiled[2]).not.toBe(real[2])
  })

  test('spoils a secret in the form, where the provider takes no other method', async () => {
    const seen: Proof[] = []
    const token = (proof: Proof) => {
      seen.push(proof)
      return seen.length === 1 ? invalidGrant() : json({ error: 'invalid_client' }, 401)
    }
    const found = await findings(
      { token },
      { metadata: { token_endpoint_auth_methods_supported: ['client_secret_post'] } },
    )
    expect(found.get('client')).toMatchObject({ status: 'ok' })
    const [real, spoiled] = seen.map(({ form }) => form)
    expect(real?.get('client_secret')).toBe('right-secret-of-the-client')
    expect(spoiled?.get('client_id')).toBe('web')
    expect(spoiled?.get('client_secret')).toMatch(/^[\w-]{43}$/)
  })

  test('asks with the other method, if the one that the provider lists is refused', async () => {
    const token = ({ basic }: Proof) => (basic === undefined ? json({ error: 'invalid_client' }, 401) : invalidGrant())
    const metadata = { token_endpoint_auth_methods_supported: ['client_secret_post'] }
    expect((await findings({ token }, { metadata })).get('client')).toMatchObject({
      ...{ status: 'fail', message: expect.stringContaining('with client_secret_post, and takes it with') },
      fix: expect.stringContaining(`set "clientAuthentication" to 'client_secret_basic'`),
    })
  })

  test('does not judge by an endpoint that cannot be reached', async () => {
    expect((await findings({ token: cut })).get('client')).toMatchObject({
      ...{
        status: 'unknown',
        message: expect.stringContaining('/token gives no answer of an OAuth endpoint: ECONNRESET'),
      },
    })
  })

  test('asks with another client ID about a public client', async () => {
    const token = ({ form }: Proof) =>
      form.get('client_id') === 'web' ? invalidGrant() : json({ error: 'invalid_client' }, 401)
    expect((await findings({ token }, { clientSecret: undefined })).get('client')).toMatchObject({
      ...{ status: 'ok', message: expect.stringContaining('without credentials') },
    })
  })

  test.each(['short99', 'short 99', 'short%99', 'short+99'])(
    'DO03: does not print the secret %j that the provider repeats',
    async (clientSecret) => {
      const token = () => json({ error: 'invalid_client', error_description: `no client has ${clientSecret}` }, 401)
      const found = await findings({ token }, { clientSecret })
      expect(found.get('client')).toMatchObject({ status: 'fail' })
      expect(JSON.stringify([...found.values()])).not.toContain(clientSecret)
    },
  )

  test('says that a function for the secret has failed, and not why', async () => {
    const clientSecret = async () => {
      throw new Error('password=hunter2')
    }
    const found = await findings({ token: () => invalidGrant() }, { clientSecret })
    expect(found.get('client')).toMatchObject({ status: 'unknown' })
    expect(JSON.stringify([...found.values()])).not.toContain('hunter2')
  })

  test('proves its key in each request, if tokens are bound to one, with the nonce that the provider wants', async () => {
    const { privateKey: key } = keyPair('ec', { namedCurve: 'P-256' })
    const dpop = { privateKey: key.export({ type: 'pkcs8', format: 'pem' }).toString() }
    let requests = 0
    const token = (proof: Proof) => {
      requests += 1
      if (!isRight(proof)) return json({ error: 'invalid_client' }, 401)
      if (requests > 1) return invalidGrant()
      const headers = { 'content-type': 'application/json', 'dpop-nonce': 'n-1' }
      return new Response(JSON.stringify({ error: 'use_dpop_nonce' }), { status: 400, headers })
    }
    expect((await findings({ token }, { dpop })).get('client')).toMatchObject({ status: 'ok' })
    expect(requests).toBe(3)
  })

  test('warns of a method that the provider does not list', async () => {
    const token = (proof: Proof) => (isRight(proof) ? invalidGrant() : json({ error: 'invalid_client' }, 401))
    const metadata = { token_endpoint_auth_methods_supported: ['private_key_jwt'] }
    const options = { clientAuthentication: 'client_secret_basic', metadata }
    expect((await findings({ token }, options)).get('authentication-method')).toMatchObject({ status: 'warn' })
  })

  test.each([
    ['none', { clientSecret: undefined }, 'give "clientSecret"'],
    ['private_key_jwt', { clientAssertion: () => 'e30.e30.e30' }, 'register the public key'],
  ])('says what to do about a refused client with %s', async (clientAuthentication, options, fix) => {
    const token = () => json({ error: 'invalid_client' }, 401)
    const found = await findings({ token }, { clientSecret: undefined, clientAuthentication, ...options })
    expect(found.get('client')).toMatchObject({ status: 'fail', fix: expect.stringContaining(fix) })
  })

  test('does not judge by a page, or by a provider that is busy', async () => {
    for (const answer of [() => new Response('<html>'), () => new Response('', { status: 429 })]) {
      expect((await findings({ token: answer })).get('client')).toMatchObject({ status: 'unknown' })
    }
  })
})

describe('doctor, about redirect URIs', () => {
  const token = () => invalidGrant()
  const redirect = (location: string) => new Response(null, { status: 302, headers: { location } })
  const uriOf = (url: URL) => url.searchParams.get('redirect_uri') ?? ''

  test('asks without a page, and takes a way back for a proof', async () => {
    let prompt: string | null = ''
    const authorize = (url: URL) => {
      prompt = url.searchParams.get('prompt')
      return redirect(`${uriOf(url)}?error=login_required`)
    }
    expect((await findings({ token, authorize })).get('redirect-uri')).toMatchObject({ status: 'ok' })
    expect(prompt).toBe('none')
  })

  test('takes no page for a proof, whatever the URI', async () => {
    expect((await findings({ token })).get('redirect-uri')).toMatchObject({ status: 'unknown' })
  })

  test('takes a page for a proof if another URI is refused', async () => {
    const authorize = (url: URL) => new Response('', { status: uriOf(url).includes('app.example.com') ? 200 : 400 })
    expect((await findings({ token, authorize })).get('redirect-uri')).toMatchObject({ status: 'ok' })
  })

  test('finds a mismatch in the page that a provider leads to', async () => {
    const authorize = () => redirect(`${issuer}/error?error=redirect_mismatch`)
    expect((await findings({ token, authorize })).get('redirect-uri')).toMatchObject({
      ...{ status: 'fail', fix: expect.stringContaining('register exactly https://app.example.com/callback') },
    })
  })

  test('does not judge by a provider that is unavailable', async () => {
    const authorize = () => new Response('', { status: 503 })
    expect((await findings({ token, authorize })).get('redirect-uri')).toMatchObject({ status: 'unknown' })
  })

  test('does not judge if an authorization request gets no answer', async () => {
    expect((await findings({ token, authorize: cut })).get('redirect-uri')).toMatchObject({
      ...{ status: 'unknown', message: expect.stringContaining('no answer to an authorization request: ECONNRESET') },
    })
  })

  test('says that no login can begin, and which option is the matter', async () => {
    const found = await findings({ token }, { pushedAuthorizationRequests: true })
    expect(found.get('authorization-request')).toMatchObject({
      ...{ status: 'fail', message: expect.stringContaining('no endpoint for pushed authorization requests') },
    })
  })

  test('says which error a login would end with', async () => {
    const authorize = (url: URL) => redirect(`${uriOf(url)}?error=invalid_scope&error_description=unknown+scope`)
    expect((await findings({ token, authorize })).get('authorization-request')).toMatchObject({
      ...{ status: 'fail', message: expect.stringContaining('invalid_scope, "unknown scope"') },
      fix: expect.stringContaining('correct "scope"'),
    })
  })

  test('sends people to the log of the provider for an error that says nothing more', async () => {
    const authorize = (url: URL) => redirect(`${uriOf(url)}?error=access_denied`)
    expect((await findings({ token, authorize })).get('authorization-request')).toMatchObject({
      ...{ status: 'fail', message: expect.stringMatching(/refuses to sign in: access_denied$/) },
      fix: expect.stringContaining('look up access_denied in the log of the provider'),
    })
  })

  test('asks by pushed requests if pages say nothing', async () => {
    const push = ({ form }: Proof) =>
      form.get('redirect_uri')?.includes('app.example.com')
        ? json({ request_uri: 'urn:x', expires_in: 9 }, 201)
        : json({ error: 'invalid_request' }, 400)
    expect((await findings({ token, push })).get('redirect-uri')).toMatchObject({
      ...{ status: 'ok', message: expect.stringContaining('takes a pushed request') },
    })
  })
})

describe('doctor, about the way back from a logout', () => {
  const token = () => invalidGrant()
  const uriOf = (url: URL) => url.searchParams.get('post_logout_redirect_uri')
  const metadata = { end_session_endpoint: `${issuer}/authorize` }
  const statusFor = (status: (uri: string | null) => number) =>
    findings({ token, authorize: (url) => new Response('', { status: status(uriOf(url)) }) }, { metadata })

  test('counts the URI as registered if another one is refused', async () => {
    const found = await statusFor((uri) => (uri === 'https://never-registered.invalid/' ? 400 : 200))
    expect(found.get('post-logout-redirect-uri')).toMatchObject({ status: 'ok' })
  })

  test('counts it as unregistered if only a logout without it is allowed', async () => {
    const found = await statusFor((uri) => (uri === null ? 200 : 400))
    expect(found.get('post-logout-redirect-uri')).toMatchObject({ status: 'fail' })
  })

  test.each([200, 400, 503])('does not judge if every logout gets %d', async (status) => {
    const found = await statusFor(() => status)
    expect(found.get('post-logout-redirect-uri')).toMatchObject({ status: 'unknown' })
  })

  test('does not ask a provider that has no logout, or is not told of any', async () => {
    expect((await findings({ token })).has('post-logout-redirect-uri')).toBe(false)
    expect(
      (await findings({ token }, { metadata, logout: { atProvider: false } })).has('post-logout-redirect-uri'),
    ).toBe(false)
  })
})
