import { generateKeyPairSync } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { has, run, start as startProgram } from '../../kit/processes.js'

// Canaille's own, which no setting changes: after a refresh, and after the login.
const lifetimeSeconds = [3600, 3600 * 24 * 10]

/** From PyPI, with a database of its own. */
export const name = 'canaille 0.3.6'

export function missing() {
  return has('python3', '-m', 'venv', '--help') ? undefined : 'there is no Python 3 with venv'
}

export async function start({ home, port, folder }) {
  const url = `http://127.0.0.1:${port}`
  const client = { clientId: 'web', clientSecret: 'secretOfWebForThisScriptOnly' }
  const file = join(folder, 'config.toml')
  writeFileSync(file, configuration(port, folder))
  const options = { cwd: folder, env: { ...process.env, CANAILLE_CONFIG: file } }
  run('python3', ['-m', 'venv', 'venv'], options)
  const bin = join(folder, 'venv', 'bin')
  run(join(bin, 'pip'), ['install', '-q', `canaille[front,oidc,sqlite,server]==${name.split(' ')[1]}`], options)
  const canaille = (...args) => run(join(bin, 'canaille'), args, options)
  canaille('install')
  canaille(
    ...'create user --user-name alice --password password --family-name Example --emails alice@example.com'.split(' '),
  )
  canaille('create', 'client', ...clientArguments(client, home))
  canaille('set', 'client', '--audience', client.clientId, client.clientId)
  const program = await startProgram(join(bin, 'canaille'), ['run', '--bind', `127.0.0.1:${port}`], {
    ...options,
    log: join(folder, 'output.log'),
    url: `${url}/.well-known/openid-configuration`,
  })
  return {
    options: { issuer: url, ...client, idTokenSigningAlg: ['RS256', 'RS512'] },
    lifetimeSeconds,
    // A person's token has no claim that an ID Token lacks, and a machine's is opaque: all are looked up.
    api: { issuer: url, audience: client.clientId, introspection: client, subject: { client: true } },
    machine: { scope: 'read' },
    fill: (browser, page, more) => fill(browser, page, more),
    confirmLogout: (browser, page) => browser.submit(page, { answer: 'logout' }),
    close: program.close,
  }
}

const fill = (browser, page, options) =>
  browser.submit(
    page,
    page.text.includes('name="password"') ? { password: 'password' } : { login: 'alice', answer: 'accept' },
    options,
  )

function configuration(port, folder) {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
  const key = Object.entries({ ...privateKey.export({ format: 'jwk' }), kid: 'key-1' })
  return `
SECRET_KEY = "of this script only, and long enough"
SERVER_NAME = "127.0.0.1:${port}"
PREFERRED_URL_SCHEME = "http"

[CANAILLE]
NAME = "shop"
DATABASE = "sql"

[CANAILLE_SQL]
DATABASE_URI = "sqlite:///${folder}/shop.db"

[CANAILLE_OIDC]
ACTIVE_JWKS = [{ ${key.map(([member, value]) => `${member} = "${value}"`).join(', ')} }]
`
}

function clientArguments({ clientId, clientSecret }, home) {
  const members = {
    'client-id': clientId,
    'client-secret': clientSecret,
    'client-name': 'web',
    'client-uri': home,
    'redirect-uris': `${home}/callback`,
    'post-logout-redirect-uris': `${home}/`,
    'token-endpoint-auth-method': 'client_secret_basic',
    'response-types': 'code',
  }
  const lists = {
    'grant-types': ['authorization_code', 'refresh_token', 'client_credentials'],
    scope: ['openid', 'profile', 'email', 'read'],
  }
  return [
    ...Object.entries(members).flatMap(([member, value]) => [`--${member}`, value]),
    ...Object.entries(lists).flatMap(([member, values]) => values.flatMap((value) => [`--${member}`, value])),
  ]
}
