import { generateKeyPairSync } from 'node:crypto'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { spawnSync } from 'node:child_process'
import { Browser } from '../../kit/browser.js'
import { has, run, start as startProgram } from '../../kit/processes.js'

const schema = '/usr/share/dbconfig-common/data/glewlwyd/install/sqlite3'
const webapp = '/usr/share/glewlwyd/webapp'
const lifetimeSeconds = 600

// Clients have one post-logout URI out of the box, of which its OpenID Connect plugin wants a list.
const logoutUris = `
  UPDATE g_client_module_instance SET gcmi_parameters = json_set(
    gcmi_parameters,
    '$."data-format".post_logout_redirect_uris',
    json('{"multiple":true,"read":true,"write":true}')
  );`

/** Debian's package, with a separate database. */
export const name = `glewlwyd ${versionOf()}`

/** Why a step fails there. */
export const remarks = { 12: 'it wants `id_token_hint` with `prompt=none`, which OpenID Connect only recommends' }

export function missing() {
  if (!existsSync('/usr/bin/glewlwyd') || !existsSync(schema))
    return 'glewlwyd is not installed (apt-get install glewlwyd)'
  return has('sqlite3') ? undefined : 'sqlite3 is not installed (apt-get install sqlite3)'
}

function versionOf() {
  const { stdout } = spawnSync('dpkg-query', ['-W', '-f', '${Version}', 'glewlwyd'], { encoding: 'utf8' })
  return /^[\d.]+/.exec(stdout ?? '')?.[0] ?? ''
}

export async function start({ home, port, folder }) {
  const url = `http://127.0.0.1:${port}`
  const issuer = `${url}/api/oidc`
  const database = join(folder, 'glewlwyd.db')
  run('sqlite3', [database], { input: readFileSync(schema, 'utf8') + logoutUris })
  const file = join(folder, 'glewlwyd.conf')
  writeFileSync(file, configuration(url, port, database, join(folder, 'glewlwyd.log')))
  const program = await startProgram('/usr/bin/glewlwyd', [`--config-file=${file}`], {
    log: join(folder, 'output.log'),
    url: `${url}/config`,
  })
  try {
    const client = await setUp(url, issuer, home)
    return {
      options: { issuer, ...client, scope: 'openid profile' },
      lifetimeSeconds,
      api: { issuer, audience: ['openid profile', 'openid', 'profile', 'read'] },
      machine: { scope: 'read' },
      // Its login page is a program for browsers, which asks this API.
      fill: (browser, page, options) => signIn(url, browser, page, options),
      confirmLogout: (browser, page) => confirmLogout(url, browser, page),
      close: program.close,
    }
  } catch (error) {
    await program.close()
    throw error
  }
}

function configuration(url, port, database, log) {
  const given = readFileSync('/etc/glewlwyd/glewlwyd.conf', 'utf8')
  return given
    .replace(/^port=.*$/m, `port=${port}\nbind_address="127.0.0.1"`)
    .replace(/^external_url=.*$/m, `external_url="${url}/"`)
    .replace(/^log_file=.*$/m, `log_file="${log}"`)
    .replace(/^@include .*$/m, `database = { type = "sqlite3"; path = "${database}"; };`)
    .replace(/^#?\s*static_files_path=.*$/m, `static_files_path="${webapp}"`)
}

async function setUp(url, issuer, home) {
  const admin = new Browser()
  await ask(admin, 'POST', `${url}/api/auth/`, { username: 'admin', password: 'password' })
  for (const scope of ['profile', 'read']) {
    await ask(admin, 'POST', `${url}/api/scope/`, {
      name: scope,
      display_name: scope,
      password_required: scope !== 'read',
    })
  }
  await ask(admin, 'PUT', `${url}/api/scope/openid`, {
    name: 'openid',
    display_name: 'openid',
    password_required: true,
  })
  const person = { username: 'alice', password: 'password', name: 'Alice', scope: ['openid', 'profile', 'g_profile'] }
  await ask(admin, 'POST', `${url}/api/user/`, { ...person, email: 'alice@example.com', enabled: true })
  const client = { clientId: 'web', clientSecret: 'secretOfWebForThisScriptOnly' }
  await ask(admin, 'POST', `${url}/api/client/`, {
    client_id: client.clientId,
    client_secret: client.clientSecret,
    password: client.clientSecret,
    token_endpoint_auth_method: ['client_secret_basic'],
    name: 'web',
    confidential: true,
    enabled: true,
    redirect_uri: [`${home}/callback`],
    post_logout_redirect_uris: [`${home}/`],
    authorization_type: ['code', 'refresh_token', 'client_credentials'],
    scope: ['read'],
  })
  await ask(admin, 'POST', `${url}/api/mod/plugin/`, plugin(issuer))
  return client
}

function plugin(issuer) {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
  const jwk = { ...privateKey.export({ format: 'jwk' }), kid: 'key-1', alg: 'RS256' }
  return {
    module: 'oidc',
    name: 'oidc',
    display_name: 'OpenID Connect',
    enabled: true,
    parameters: {
      iss: issuer,
      'jwks-private': JSON.stringify({ keys: [jwk] }),
      'jwt-type': 'rsa',
      'jwt-key-size': '256',
      'access-token-duration': lifetimeSeconds,
      'refresh-token-duration': 86_400,
      'code-duration': 600,
      'refresh-token-rolling': true,
      'refresh-token-one-use': 'always',
      'allow-non-oidc': true,
      'auth-type-code-enabled': true,
      'auth-type-client-enabled': true,
      'auth-type-refresh-enabled': true,
      'subject-type': 'public',
      'pkce-allowed': true,
      'session-management-allowed': true,
      'session-cookie-name': 'GLEWLWYD2_OIDC_SID',
      'session-cookie-expiration': 86_400,
      'back-channel-logout-allowed': true,
      'introspection-revocation-allowed': true,
      'introspection-revocation-allow-target-client': true,
      claims: [],
      scope: [{ name: 'openid' }, { name: 'profile' }],
    },
  }
}

async function ask(browser, method, target, body) {
  const headers = { 'content-type': 'application/json', accept: 'application/json' }
  const answer = await browser.ask(target, {
    method,
    headers,
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  })
  if (answer.status >= 400)
    throw new Error(`glewlwyd: ${method} ${target}: ${answer.status} ${answer.text.slice(0, 200)}`)
  return answer
}

async function signIn(url, browser, page, options) {
  const { searchParams } = new URL(page.url)
  await ask(browser, 'POST', `${url}/api/auth/`, { username: 'alice', password: 'password' })
  await ask(browser, 'PUT', `${url}/api/auth/grant/web`, { scope: 'openid profile' })
  return browser.navigate(`${searchParams.get('callback_url')}&g_continue`, options)
}

// As the button of its login page does.
async function confirmLogout(url, browser, page) {
  const { searchParams } = new URL(page.url)
  await ask(browser, 'DELETE', `${url}/api/oidc/session/${searchParams.get('sid')}`)
  await browser.ask(`${url}/api/auth/`, { method: 'DELETE' })
  const target = searchParams.get('callback_url')
  return target === null ? page : browser.navigate(target)
}
