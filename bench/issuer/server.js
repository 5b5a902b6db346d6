import { createServer } from 'node:http'
import { text } from 'node:stream/consumers'
import { setTimeout } from 'node:timers/promises'
import { createGrants } from './grants.js'
import { algorithms, createKey } from './keys.js'

/** Whom the access tokens are for. */
export const audience = 'https://api.example.com'

/**
 * Starts an authorization server: metadata, keys, one for each algorithm, and grants that are answered at once. ID Tokens
 * are signed with RS256.
 *
 * @returns `trust(alg)`: what a contender and the mint need, as plain values; `requests()`: how often keys were fetched;
 * `grants`: its people and its clients; `slowDown(milliseconds)`: lets token requests wait; `usedConnections()`: over how many
 * connections requests came since it was asked last
 */
export async function startIssuer() {
  const keys = Object.fromEntries(algorithms.map((alg) => [alg, createKey(alg)]))
  const jwks = { keys: Object.values(keys).map((key) => key.publicJwk) }
  let [fetches, wait] = [0, 0]
  const used = new Set()
  const grants = createGrants(() => ({ issuer, key: keys.RS256 }))
  const server = createServer(async (req, res) => {
    used.add(req.socket)
    const { pathname, searchParams } = new URL(req.url, issuer)
    if (pathname === '/authorize') return redirect(res, grants.authorize(searchParams))
    if (pathname === '/token') {
      if (wait > 0) await setTimeout(wait)
      const tokens = grants.token(new URLSearchParams(await text(req)), req.headers.authorization)
      return tokens === undefined ? json(res, { error: 'invalid_grant' }, 400) : json(res, tokens)
    }
    if (pathname.endsWith('jwks.json')) fetches++
    json(res, { '/.well-known/jwks.json': jwks }[pathname] ?? metadata(issuer))
  })
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve))
  const issuer = `http://127.0.0.1:${server.address().port}`
  return {
    trust: (alg) => ({ issuer, audience, jwksUri: `${issuer}/.well-known/jwks.json`, jwks, key: keys[alg] }),
    requests: () => fetches,
    grants,
    slowDown(milliseconds) {
      wait = milliseconds
    },
    usedConnections() {
      const { size } = used
      used.clear()
      return size
    },
    stop() {
      server.close()
      server.closeAllConnections()
    },
  }
}

function metadata(issuer) {
  return {
    issuer,
    jwks_uri: `${issuer}/.well-known/jwks.json`,
    authorization_endpoint: `${issuer}/authorize`,
    token_endpoint: `${issuer}/token`,
    token_endpoint_auth_methods_supported: ['client_secret_basic', 'client_secret_post'],
    response_types_supported: ['code'],
    grant_types_supported: ['authorization_code', 'refresh_token', 'client_credentials'],
    code_challenge_methods_supported: ['S256'],
    subject_types_supported: ['public'],
    id_token_signing_alg_values_supported: algorithms,
  }
}

function json(res, body, status = 200) {
  res.writeHead(status, { 'content-type': 'application/json', 'cache-control': 'no-store' })
  res.end(JSON.stringify(body))
}

function redirect(res, location) {
  res.writeHead(302, { location })
  res.end()
}
