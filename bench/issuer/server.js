import { createServer } from 'node:http'
import { algorithms, createKey } from './keys.js'

/** Whom the tokens are for. */
export const audience = 'https://api.example.com'

/**
 * Starts an authorization server that does nothing but publish its metadata and keys, one key for each algorithm.
 *
 * @returns `trust(alg)`: what a contender and the mint need, as plain values; `requests()`: how often keys were fetched
 */
export async function startIssuer() {
  const keys = Object.fromEntries(algorithms.map((alg) => [alg, createKey(alg)]))
  const jwks = { keys: Object.values(keys).map((key) => key.publicJwk) }
  let fetches = 0
  const server = createServer((req, res) => {
    const { pathname } = new URL(req.url, 'http://127.0.0.1')
    if (pathname.endsWith('jwks.json')) fetches++
    const body = { '/.well-known/jwks.json': jwks }[pathname] ?? metadata(`http://127.0.0.1:${server.address().port}`)
    res.setHeader('content-type', 'application/json')
    res.end(JSON.stringify(body))
  })
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve))
  const issuer = `http://127.0.0.1:${server.address().port}`
  return {
    trust: (alg) => ({ issuer, audience, jwksUri: `${issuer}/.well-known/jwks.json`, jwks, key: keys[alg] }),
    requests: () => fetches,
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
    response_types_supported: ['code'],
    subject_types_supported: ['public'],
    id_token_signing_alg_values_supported: algorithms,
  }
}
