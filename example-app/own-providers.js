import { randomBytes } from 'node:crypto'
import { accessTokenSeconds, billingAudience } from './api-calls.js'
import { machineClient, startProvider, webClient } from './provider.js'
import { portError } from './start-error.js'
import { users, usersAtHome } from './users.js'

const clientId = 'demo-app'
const tokens = { accessTokenSeconds, exchangeFor: { [billingAudience]: 'bills:read' } }

/** @type {readonly { name: 'company' | 'home', label: string, people: readonly import('./users.js').User[] }[]} */
const both = [
  { name: 'company', label: 'Company', people: users },
  { name: 'home', label: 'Home', people: usersAtHome },
]

/**
 * @typedef {object} Place
 * @property {number} port Of the first provider; 0 takes any free one.
 * @property {number} appPort Where the application listens on loopback.
 * @property {string} baseUrl
 */

/**
 * Starts the one provider of the demo, with a client for the application and one for a machine.
 *
 * @param {Place} place
 */
export async function startOne({ port, appPort, baseUrl }) {
  const clientSecret = secret()
  const machine = { clientId: 'demo-machine', clientSecret: secret() }
  const backchannelLogoutUrl = `http://127.0.0.1:${appPort}/backchannel-logout`
  const clients = [
    webClient({ clientId, clientSecret, baseUrl, exchanges: true, backchannelLogoutUrl }),
    machineClient(machine),
  ]
  const pushAuthorization = `Bearer ${secret()}`
  const endpoint = `http://127.0.0.1:${appPort}/signals`
  const signals = { clientId, clientSecret, endpoint, authorization: pushAuthorization }
  const { issuer, close } = await started({ port, clients, signals, ...tokens })
  return {
    issuer,
    close,
    machine,
    pushAuthorization,
    env: { ISSUER: issuer, CLIENT_ID: clientId, CLIENT_SECRET: clientSecret },
  }
}

/**
 * Starts two providers with people of their own, and gives the application's option `providers` for them.
 *
 * @param {Place} place
 * @returns {Promise<{ close: () => Promise<void>, providers: Record<string, import('express-oidc').ProviderOptions> }>}
 */
export async function startTwo({ port, appPort, baseUrl }) {
  const ports = port === 0 ? [0, 0] : [port, port + 1]
  const all = await Promise.allSettled(
    both.map(async ({ name, label, people }, index) => {
      const client = { clientId, clientSecret: secret() }
      const backchannelLogoutUrl = `http://127.0.0.1:${appPort}/backchannel-logout/${name}`
      const clients = [webClient({ ...client, baseUrl, callbackPath: `/callback/${name}`, backchannelLogoutUrl })]
      const own = { port: Number(ports[index]), clients, people, resource: null, name: label, look: name }
      const { issuer, close } = await started(own)
      return { close, entry: [name, { issuer, ...client, label }] }
    }),
  )
  const running = all.flatMap((each) => (each.status === 'fulfilled' ? [each.value] : []))
  const close = async () => void (await Promise.all(running.map((each) => each.close())))
  const failed = all.find((each) => each.status === 'rejected')
  if (failed !== undefined) {
    await close()
    throw failed.reason
  }
  return { close, providers: Object.fromEntries(running.map(({ entry }) => entry)) }
}

/** @param {import('./provider.js').ProviderOptions & { port: number }} options */
async function started(options) {
  return startProvider(options).catch((error) => {
    throw portError(error, options.port, 'PROVIDER_PORT')
  })
}

function secret() {
  return randomBytes(32).toString('base64url')
}
