// A real oidc-provider in a process of its own, which keeps all it knows in files: so that it can be killed and started again.
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { createHash } from 'node:crypto'
import { createServer } from 'node:http'
import { join } from 'node:path'
import Provider from 'oidc-provider'

const { port, folder, client, jwks } = JSON.parse(process.argv[2] ?? '{}')
mkdirSync(folder, { recursive: true })
for (const method of ['warn', 'info']) console[method] = () => undefined

/** Keeps each thing as one file, written whole or not at all. */
class FileAdapter {
  constructor(model) {
    this.model = model
  }

  path(id) {
    return join(folder, `${this.model}-${createHash('sha256').update(id).digest('hex')}.json`)
  }

  read(path) {
    try {
      return JSON.parse(readFileSync(path, 'utf8'))
    } catch {
      return undefined
    }
  }

  write(path, payload) {
    writeFileSync(`${path}.new`, JSON.stringify(payload))
    renameSync(`${path}.new`, path)
  }

  all() {
    const names = readdirSync(folder).filter((name) => name.endsWith('.json'))
    return names.map((name) => ({ path: join(folder, name), payload: this.read(join(folder, name)) }))
  }

  async upsert(id, payload) {
    this.write(this.path(id), payload)
  }

  async find(id) {
    return this.read(this.path(id))
  }

  async findByUid(uid) {
    return this.all().find(({ payload }) => payload?.uid === uid)?.payload
  }

  async findByUserCode() {
    return undefined
  }

  async consume(id) {
    this.write(this.path(id), { ...this.read(this.path(id)), consumed: Math.floor(Date.now() / 1000) })
  }

  async destroy(id) {
    rmSync(this.path(id), { force: true })
  }

  async revokeByGrantId(grantId) {
    for (const { path, payload } of this.all()) if (payload?.grantId === grantId) rmSync(path, { force: true })
  }
}

const server = createServer()
await new Promise((resolve) => server.listen(port, '127.0.0.1', () => resolve(undefined)))
const address = server.address()
const issuer = `http://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}`

const provider = new Provider(issuer, {
  adapter: FileAdapter,
  clients: [client],
  jwks,
  cookies: { keys: ['a key for tests only'] },
  pkce: { required: () => true },
  features: { devInteractions: { enabled: false } },
  interactions: { url: (_context, { uid }) => `/interaction/${uid}` },
  findAccount: (_context, sub) => ({ accountId: sub, claims: async () => ({ sub }) }),
  issueRefreshToken: async () => true,
  rotateRefreshToken: true,
  expiresWithSession: async () => false,
  ttl: { AccessToken: 3600, Grant: 86_400, IdToken: 3600, RefreshToken: 86_400, Session: 86_400, Interaction: 600 },
  async loadExistingGrant(context) {
    const { client: of, session, requestParamOIDCScopes } = context.oidc
    const grant = new provider.Grant({ clientId: of.clientId, accountId: session.accountId })
    grant.addOIDCScope([...requestParamOIDCScopes].join(' '))
    await grant.save()
    return grant
  },
})
const handle = provider.callback()

// Nobody has to sign in: the hint says who it is.
server.on('request', (req, res) => {
  if (!req.url?.startsWith('/interaction/')) return void handle(req, res)
  provider
    .interactionDetails(req, res)
    .then(({ params, prompt }) => {
      const accountId = String(params['login_hint'] ?? 'alice')
      const result = prompt.name === 'login' ? { login: { accountId } } : { consent: {} }
      return provider.interactionFinished(req, res, result, { mergeWithLastSubmission: true })
    })
    .catch((error) => res.writeHead(500).end(String(error)))
})

process.on('disconnect', () => process.exit())
process.send?.({ issuer })
