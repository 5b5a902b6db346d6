import { createServer } from 'node:http'

/**
 * Starts a server that is any number of providers, as far as the beginning of a login needs them: one below each path.
 *
 * @returns `origin`; `takeDown(name)`: lets one take requests and answer none, and resolves with the first of them
 */
export async function startProviders() {
  const down = new Set()
  const waiting = []
  let arrive = () => {}
  const server = createServer((req, res) => {
    const [, name] = req.url.split('/')
    const respond = () => answer(res, `${origin}/${name}`)
    if (!down.has(name)) return respond()
    waiting.push(respond)
    arrive()
  })
  server.keepAliveTimeout = 60_000
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve))
  const origin = `http://127.0.0.1:${server.address().port}`
  return {
    origin,
    takeDown(name) {
      down.add(name)
      return new Promise((resolve) => (arrive = resolve))
    },
    /** Lets those that are down answer again, and returns how many requests have waited. */
    recover() {
      down.clear()
      const late = waiting.splice(0)
      for (const respond of late) respond()
      return late.length
    },
    /** Ends the connections that nobody uses, as providers do after some seconds. */
    closeIdle: () => server.closeIdleConnections(),
    stop() {
      server.close()
      server.closeAllConnections()
    },
  }
}

function answer(res, issuer) {
  res.setHeader('content-type', 'application/json')
  res.end(
    JSON.stringify({
      issuer,
      jwks_uri: `${issuer}/jwks.json`,
      authorization_endpoint: `${issuer}/authorize`,
      token_endpoint: `${issuer}/token`,
      end_session_endpoint: `${issuer}/logout`,
      response_types_supported: ['code'],
      code_challenge_methods_supported: ['S256'],
      subject_types_supported: ['public'],
      id_token_signing_alg_values_supported: ['RS256'],
    }),
  )
}
