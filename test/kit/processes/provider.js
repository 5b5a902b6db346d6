// A real oidc-provider that may be killed at any moment: what it knows is in a log that a new process reads again. A second
// log, if there is to be one, says which refresh tokens it has spent, and whether the answer went out.
import { AsyncLocalStorage } from 'node:async_hooks'
import { appendFileSync, existsSync, readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import Provider from 'oidc-provider'

const { port, logs, clients, jwks, audience, accessTokenSeconds = 3600 } = JSON.parse(process.argv[2] ?? '{}')
for (const method of ['warn', 'info']) console[method] = () => undefined

/** @type {AsyncLocalStorage<{ path: string, spent: string[], reused: Set<string> }>} */
const underWay = new AsyncLocalStorage()
const note = (entry) => {
  if (logs.refreshes !== undefined) appendFileSync(logs.refreshes, `${JSON.stringify({ at: Date.now(), ...entry })}\n`)
}

/** @type {Map<string, any>} */
const entries = new Map()
if (existsSync(logs.state)) {
  // The last line may have been cut by the kill.
  for (const line of readFileSync(logs.state, 'utf8').split('\n').slice(0, -1)) remember(JSON.parse(line))
}

function remember([key, payload]) {
  if (payload === null) entries.delete(key)
  else entries.set(key, payload)
}

function write(key, payload) {
  appendFileSync(logs.state, `${JSON.stringify([key, payload])}\n`)
  remember([key, payload])
}

class LogAdapter {
  constructor(model) {
    this.model = model
  }

  key(id) {
    return `${this.model}:${id}`
  }

  async upsert(id, payload) {
    write(this.key(id), payload)
  }

  async find(id) {
    const found = entries.get(this.key(id))
    return found === undefined ? undefined : { ...found }
  }

  async findByUid(uid) {
    return [...entries.values()].find((payload) => payload.uid === uid)
  }

  async findByUserCode() {
    return undefined
  }

  async consume(id) {
    const payload = entries.get(this.key(id))
    write(this.key(id), { ...payload, consumed: Math.floor(Date.now() / 1000) })
    if (this.model !== 'RefreshToken') return
    note({ spent: id, subject: payload.accountId })
    underWay.getStore()?.spent.push(id)
  }

  async destroy(id) {
    write(this.key(id), null)
  }

  async revokeByGrantId(grantId) {
    for (const [key, payload] of entries) {
      if (payload.grantId !== grantId) continue
      if (underWay.getStore()?.path === '/token') underWay.getStore()?.reused.add(payload.accountId)
      write(key, null)
    }
  }
}

const server = createServer()
await new Promise((resolve) => server.listen(port, '127.0.0.1', () => resolve(undefined)))
const issuer = `http://127.0.0.1:${port}`

const provider = new Provider(issuer, {
  adapter: LogAdapter,
  clients,
  jwks,
  cookies: { keys: ['a key for tests only'] },
  conformIdTokenClaims: false,
  pkce: { required: () => true },
  features: {
    devInteractions: { enabled: false },
    revocation: { enabled: true },
    rpInitiatedLogout: { enabled: true, logoutSource: (context, form) => void (context.body = form) },
    resourceIndicators: {
      enabled: audience !== undefined,
      useGrantedResource: async () => false,
      getResourceServerInfo: async () => ({
        scope: 'orders:read',
        audience,
        accessTokenFormat: 'jwt',
        accessTokenTTL: accessTokenSeconds,
        jwt: { sign: { alg: 'RS256' } },
      }),
    },
  },
  interactions: { url: (_context, { uid }) => `/interaction/${uid}` },
  findAccount: (_context, sub) => ({ accountId: sub, claims: async () => ({ sub }) }),
  issueRefreshToken: async () => true,
  rotateRefreshToken: true,
  expiresWithSession: async () => false,
  ttl: {
    AccessToken: accessTokenSeconds,
    Grant: 86_400,
    IdToken: 3600,
    RefreshToken: 86_400,
    Session: 86_400,
    Interaction: 600,
  },
  async loadExistingGrant(context) {
    const { client, session, requestParamOIDCScopes, resourceServers } = context.oidc
    const grant = new provider.Grant({ clientId: client.clientId, accountId: session.accountId })
    grant.addOIDCScope([...requestParamOIDCScopes].join(' '))
    for (const resource of Object.keys(resourceServers ?? {})) grant.addResourceScope(resource, 'orders:read')
    await grant.save()
    return grant
  },
})
const handle = provider.callback()

server.on('request', (req, res) => {
  const call = { path: req.url?.split('?')[0] ?? '', spent: [], reused: new Set() }
  res.once('close', () => {
    if (call.spent.length > 0) note({ answered: call.spent, wentOut: res.writableFinished })
    for (const subject of call.reused) note({ reused: subject })
  })
  underWay.run(call, () => (call.path.startsWith('/interaction/') ? signIn(req, res) : void handle(req, res)))
})

// Nobody has to sign in: the hint says who it is.
function signIn(req, res) {
  provider
    .interactionDetails(req, res)
    .then(({ params, prompt }) => {
      const result = prompt.name === 'login' ? { login: { accountId: String(params['login_hint']) } } : { consent: {} }
      return provider.interactionFinished(req, res, result, { mergeWithLastSubmission: true })
    })
    .catch((error) => res.writeHead(500).end(String(error)))
}

process.on('disconnect', () => process.exit())
process.send?.({ issuer })
