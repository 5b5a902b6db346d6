import { generateKeyPairSync } from 'node:crypto'
import { spawnSync } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { has, start as startProgram } from '../../kit/processes.js'

const packages = '--no-install-recommends liblemonldap-ng-portal-perl libio-string-perl libstring-random-perl'
const lifetimeSeconds = 600

/** Debian's package: its portal, with a folder of its own instead of `/etc/lemonldap-ng` and `/var/lib/lemonldap-ng`. */
export const name = `LemonLDAP::NG ${versionOf()}`

/** Why a step fails there. */
export const remarks = { 13: 'it looks at `prompt` only once somebody is signed in' }

export function missing() {
  const modules = ['Lemonldap::NG::Portal', 'IO::String', 'String::Random']
  if (has('plackup', '-v') && has('perl', ...modules.map((module) => `-M${module}`), '-e', '1')) return undefined
  return `it is not installed (apt-get install ${packages})`
}

function versionOf() {
  const { stdout } = spawnSync('dpkg-query', ['-W', '-f', '${Version}', 'liblemonldap-ng-portal-perl'], {
    encoding: 'utf8',
  })
  return /^[\d.]+/.exec(stdout ?? '')?.[0] ?? ''
}

export async function start({ home, port, folder }) {
  const url = `http://127.0.0.1:${port}`
  const client = { clientId: 'web', clientSecret: 'a secret of web, for this script only' }
  for (const name of ['conf', 'cache', 'sessions', 'psessions'])
    mkdirSync(join(folder, name, 'lock'), { recursive: true })
  writeFileSync(join(folder, 'conf', 'lmConf-1.json'), JSON.stringify(configuration({ url, home, folder, ...client })))
  writeFileSync(join(folder, 'lemonldap-ng.ini'), settings(folder))
  writeFileSync(join(folder, 'portal.psgi'), program)
  const { close } = await startProgram('plackup', ['--host', '127.0.0.1', '--port', port, 'portal.psgi'], {
    cwd: folder,
    env: { ...process.env, LLNG_DEFAULTCONFFILE: join(folder, 'lemonldap-ng.ini') },
    log: join(folder, 'output.log'),
    seconds: 30,
    url: `${url}/.well-known/openid-configuration`,
  })
  return {
    options: {
      issuer: `${url}/`,
      ...client,
      scope: 'openid profile',
      // It takes client_secret_basic as it comes, undecoded, and cuts it off at + and /.
      clientAuthentication: 'client_secret_post',
      // The audience of the access token is in its ID Token too.
      idTokenAudiences: ['orders'],
    },
    lifetimeSeconds,
    api: { issuer: `${url}/`, audience: 'orders', profile: 'jwt' },
    machine: { clientAuthentication: 'client_secret_post', scope: 'read' },
    // Its demonstration accounts have their names as passwords.
    fill: (browser, page, options) => browser.submit(page, { user: 'dwho', password: 'dwho' }, options),
    close,
  }
}

const program = `use Lemonldap::NG::Portal;
Lemonldap::NG::Portal->run({});
`

const settings = (folder) => `[all]
logger = Lemonldap::NG::Common::Logger::Std
logLevel = notice

[configuration]
type = File
dirName = ${folder}/conf
localStorage = Cache::FileCache
localStorageOptions = { 'namespace' => 'config', 'cache_root' => '${folder}/cache' }

[portal]
staticPrefix = /static
templateDir = /usr/share/lemonldap-ng/portal/templates
languages = en
`

function configuration({ url, home, folder, clientId, clientSecret }) {
  const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
  return {
    cfgNum: 1,
    cfgDate: Math.floor(Date.now() / 1000),
    cfgVersion: name.split(' ')[1],
    portal: `${url}/`,
    domain: '127.0.0.1',
    cookieName: 'lemonldap',
    authentication: 'Demo',
    userDB: 'Same',
    demoExportedVars: { cn: 'cn', mail: 'mail', uid: 'uid' },
    globalStorage: 'Apache::Session::File',
    globalStorageOptions: storage(join(folder, 'sessions')),
    persistentStorage: 'Apache::Session::File',
    persistentStorageOptions: storage(join(folder, 'psessions')),
    localSessionStorage: 'Cache::FileCache',
    localSessionStorageOptions: { namespace: 'sessions', cache_root: join(folder, 'cache') },
    locationRules: {},
    // None: the usual one needs further packages, shown or not.
    captcha: '::Main::Plugin',
    issuerDBOpenIDConnectActivation: 1,
    oidcServicePrivateKeySig: privateKey.export({ type: 'pkcs8', format: 'pem' }),
    oidcServicePublicKeySig: publicKey.export({ type: 'spki', format: 'pem' }),
    oidcServiceKeyIdSig: 'key-1',
    oidcRPMetaDataExportedVars: { web: { name: 'cn', email: 'mail' } },
    oidcRPMetaDataScopeRules: { web: { read: '1' } },
    oidcRPMetaDataOptions: { web: relyingParty(home, { ClientID: clientId, ClientSecret: clientSecret }) },
  }
}

const storage = (folder) => ({
  Directory: folder,
  LockDirectory: join(folder, 'lock'),
  generateModule: 'Lemonldap::NG::Common::Apache::Session::Generate::SHA256',
})

function relyingParty(home, credentials) {
  const options = {
    ...credentials,
    RedirectUris: `${home}/callback`,
    PostLogoutRedirectUris: `${home}/`,
    BypassConsent: 1,
    RequirePKCE: 1,
    RefreshToken: 1,
    IDTokenSignAlg: 'RS256',
    AccessTokenJWT: 1,
    AccessTokenSignAlg: 'RS256',
    AccessTokenExpiration: lifetimeSeconds,
    AdditionalAudiences: 'orders',
    AllowClientCredentialsGrant: 1,
  }
  return Object.fromEntries(Object.entries(options).map(([name, value]) => [`oidcRPMetaDataOptions${name}`, value]))
}
