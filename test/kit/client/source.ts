import { createClientCredentials } from '../../../lib/client/client-credentials.js'
import type { TokenSource } from '../../../lib/client/token-source.js'
import type { ClientCredentialsOptions } from '../../../lib/options/client/options.js'
import { parseClientCredentialsOptions } from '../../../lib/options/client/schema.js'
import { json } from '../provider/answers.js'
import { type Seen, FakeProvider } from '../provider/provider.js'

/** A token endpoint that counts, and whose answers hold still until a test lets go. */
export interface Tokens {
  readonly op: FakeProvider
  readonly source: TokenSource
  /** Token requests so far. */
  requests(): readonly Seen[]
  /** Members laid over every answer; `undefined` takes one away. */
  answer: Record<string, unknown>
  /** What the token endpoint does instead. */
  failure: (() => Response | Promise<Response>) | undefined
  /** Holds answers back until the returned function is called. */
  hold(): () => void
}

/** A machine at a provider without sockets: its tokens are called `token-1`, `token-2` and so on, and live 600 seconds. */
export function createTokens(options: Partial<ClientCredentialsOptions> = {}): Tokens {
  const op = new FakeProvider()
  for (const name of ['authorization_endpoint', 'jwks_uri']) delete op.metadata[name]
  op.metadata['revocation_endpoint'] = `${op.issuer}/revoke`
  const { issuer, fetch } = op
  const configuration = { issuer, fetch, clientId: 'machine', clientSecret: 'secret-1', ...options }
  let gate: Promise<void> | undefined
  let count = 0
  const tokens: Tokens = {
    op,
    source: createClientCredentials(parseClientCredentialsOptions(configuration), op.clock),
    requests: () => op.seen.filter(({ url }) => url.pathname === '/token'),
    answer: {},
    failure: undefined,
    hold() {
      let open = () => {}
      gate = new Promise((resolve) => (open = resolve))
      return () => {
        gate = undefined
        open()
      }
    },
  }
  op.answers['/token'] = async () => {
    const body = { access_token: `token-${++count}`, token_type: 'Bearer', expires_in: 600, ...tokens.answer }
    await gate
    return tokens.failure === undefined ? json(body) : tokens.failure()
  }
  return tokens
}
