import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { keycloak } from 'express-oidc/providers'
import { has, run, start as startProgram } from '../../kit/processes.js'

const version = '26.7.3'
const lifetimeSeconds = 600

/** From Maven Central. */
export const name = `Keycloak ${version}`

export function missing() {
  if (!has('java', '-version')) return 'there is no JDK'
  if (!has('mvn', '-version')) return 'there is no Maven, which fetches it'
  return has('unzip', '-v') ? undefined : 'there is no unzip'
}

export async function start({ home, port, folder }) {
  const artifact = `org.keycloak:keycloak-quarkus-dist:${version}:zip`
  run('mvn', ['-q', '-B', 'dependency:copy', `-Dartifact=${artifact}`, `-DoutputDirectory=${folder}`])
  run('unzip', ['-q', join(folder, `keycloak-quarkus-dist-${version}.zip`), '-d', folder])
  const root = join(folder, `keycloak-${version}`)
  const imports = join(root, 'data', 'import')
  if (!existsSync(imports)) mkdirSync(imports, { recursive: true })
  const client = { clientId: 'web', clientSecret: 'a secret of web, for this script only' }
  writeFileSync(join(imports, 'shop.json'), JSON.stringify(realm(client, home)))
  const url = `http://127.0.0.1:${port}`
  const args = ['start-dev', `--http-port=${port}`, '--http-host=127.0.0.1', '--import-realm', '--cache=local']
  const place = { url, realm: 'shop' }
  const program = await startProgram(join(root, 'bin', 'kc.sh'), args, {
    log: join(folder, 'output.log'),
    url: `${url}/realms/shop/.well-known/openid-configuration`,
    seconds: 300,
  })
  return {
    options: { ...keycloak(place), ...client },
    lifetimeSeconds,
    api: keycloak.api({ ...place, audience: 'orders' }),
    fill: (browser, page, options) => browser.submit(page, { username: 'alice', password: 'password' }, options),
    close: program.close,
  }
}

function realm({ clientId, clientSecret }, home) {
  return {
    realm: 'shop',
    enabled: true,
    sslRequired: 'none',
    accessTokenLifespan: lifetimeSeconds,
    revokeRefreshToken: true,
    users: [
      {
        username: 'alice',
        enabled: true,
        email: 'alice@example.com',
        emailVerified: true,
        firstName: 'Alice',
        lastName: 'Example',
        credentials: [{ type: 'password', value: 'password' }],
      },
    ],
    clients: [
      {
        clientId,
        secret: clientSecret,
        enabled: true,
        publicClient: false,
        serviceAccountsEnabled: true,
        standardFlowEnabled: true,
        redirectUris: [`${home}/callback`],
        attributes: {
          'post.logout.redirect.uris': `${home}/`,
          'pkce.code.challenge.method': 'S256',
          'backchannel.logout.url': `${home}/backchannel-logout`,
          'backchannel.logout.session.required': 'true',
        },
        protocolMappers: [
          {
            name: 'orders',
            protocol: 'openid-connect',
            protocolMapper: 'oidc-audience-mapper',
            config: { 'included.custom.audience': 'orders', 'access.token.claim': 'true' },
          },
        ],
      },
    ],
  }
}
