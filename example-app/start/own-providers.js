import { generateKeyPairSync, randomBytes } from 'node:crypto'
import { accessTokenSeconds, billingAudience } from '../api/api-calls.js'
import { machineClient, startProvider, webClient } from '../provider/provider.js'
import { usersAtHome } from '../provider/users.js'
import { portError } from './start-error.js'

/** The demo's API in access tokens. */
export const ownAudience = 'urn:example:api'

const clientId = 'demo-app'

/**
 * @typedef {object} Place
 * @property {number} port Of the first provider; 0 takes any free one.
 * @property {number} appPort Where the application listens on loopback.
 * @property {string} baseUrl
 */

/**
 * What the application knows of its own providers, fit for a message to another process.
 *
 * @typedef {object} Own
 * @property {{ clientId: string, clientSecret: string }} machine A client that may call the API without a person.
 * @property {{ clientId: string, clientSecret: string, dpop: { privateKey: string } }} bound One whose tokens are bound to its key.
 * @property {string} pushAuthorization What the provider's security events come with.
 * @property {Record<'company' | 'home', import('express-oidc').ProviderOptions>} several For the stop with two providers.
 */

/**
 * Starts the providers of the demo: Company, where everything happens, and Home, a second one with people of its own.
 *
 * @param {Place} place
 * @returns {Promise<{ issuers: string[], env: Record<'ISSUER' | 'CLIENT_ID' | 'CLIENT_SECRET', string>, own: Own, close: () => Promise<void> }>}
 */
export async function startOwnProviders({ port, appPort, baseUrl }) {
  const [web, atCompany, atHome] = [client(clientId), client('demo-several'), client('demo-several')]
  const machine = client('demo-machine')
  const bound = { ...client('demo-vault'), dpop: { privateKey: privateKey() } }
  const pushAuthorization = `Bearer ${secret()}`
  const loopback = `http://127.0.0.1:${appPort}`
  const several = (/** @type {string} */ name) => ({
    callbackPath: `/tour/providers/callback/${name}`,
    home: '/tour/providers/',
  })
  const company = {
    port,
    clients: [
      webClient({ ...web, baseUrl, exchanges: true, backchannelLogoutUrl: `${loopback}/backchannel-logout` }),
      webClient({ ...atCompany, baseUrl, ...several('company') }),
      machineClient(machine),
      machineClient({ ...bound, bound: true }),
    ],
    signals: { ...web, endpoint: `${loopback}/signals`, authorization: pushAuthorization },
    accessTokenSeconds,
    exchangeFor: { [billingAudience]: 'bills:read' },
  }
  const home = {
    port: port === 0 ? 0 : port + 1,
    name: 'Home',
    look: /** @type {const} */ ('home'),
    clients: [webClient({ ...atHome, baseUrl, ...several('home') })],
    people: usersAtHome,
    resource: null,
  }
  const { running, close } = await startAll([company, home])
  const [first = '', second = ''] = running.map(({ issuer }) => issuer)
  return {
    issuers: [first, second],
    env: { ISSUER: first, CLIENT_ID: web.clientId, CLIENT_SECRET: web.clientSecret },
    own: {
      machine,
      bound,
      pushAuthorization,
      several: {
        company: { issuer: first, ...atCompany, label: 'Company' },
        home: { issuer: second, ...atHome, label: 'Home' },
      },
    },
    close,
  }
}

/** @param {readonly (import('../provider/provider.js').ProviderOptions & { port: number })[]} options */
async function startAll(options) {
  const all = await Promise.allSettled(options.map(started))
  const running = all.flatMap((each) => (each.status === 'fulfilled' ? [each.value] : []))
  const close = async () => void (await Promise.all(running.map((each) => each.close())))
  const failed = all.find((each) => each.status === 'rejected')
  if (failed === undefined) return { running, close }
  await close()
  throw failed.reason
}

/** @param {import('../provider/provider.js').ProviderOptions & { port: number }} options */
async function started(options) {
  return startProvider(options).catch((error) => {
    throw portError(error, options.port, 'PROVIDER_PORT')
  })
}

/** @param {string} id */
function client(id) {
  return { clientId: id, clientSecret: secret() }
}

function secret() {
  return randomBytes(32).toString('base64url')
}

function privateKey() {
  const { privateKey: key } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  return key.export({ type: 'pkcs8', format: 'pem' }).toString()
}
