import { request } from 'node:http'
import { median } from '../harness/rounds.js'
import { startApplication } from './application.js'

const repeats = 5

/** One person signs in once more; then the provider ends all sessions of that person at one process, and another one refuses each of them. */
export async function logOut({ redis, redisUrl, issuer }, sessions) {
  const application = await startApplication({ processes: 2, redisUrl, issuer: issuer.trust('RS256').issuer })
  try {
    const turns = []
    for (let i = 0; i <= repeats; i++) {
      const sub = `person-${sessions}-${i}`
      const cookies = await application.signIn({ count: sessions, sub })
      await seen(application, cookies, 0)
      const login = await redis.during(1, () => application.signIn({ count: 1, sub }))
      const before = await application.cpu()
      const turn = await redis.during(1, () => post(application.ports[0], issuer.grants.logoutToken(sub)))
      turns.push({
        ...turn,
        cpu: (await application.cpu()) - before,
        loginBytes: login.bytesIn + login.bytesOut,
        loginCommands: login.commands,
      })
      await seen(application, cookies, cookies.length)
    }
    // The first one also loads what logouts need.
    const middle = (name) => median(turns.slice(1).map((turn) => turn[name]))
    return {
      'logout: commands': { value: middle('commands') },
      'logout: round trips': { value: middle('roundTrips') },
      'logout: bytes to and from Redis': { value: middle('bytesIn') + middle('bytesOut') },
      'logout: CPU us of the process': { value: middle('cpu'), isTimed: true },
      // A list of sessions has a hundred slots: until they are full, a login is cheaper.
      'login: commands': { value: middle('loginCommands'), isJudged: false },
      'login: bytes to and from Redis': { value: middle('loginBytes'), isJudged: false },
    }
  } finally {
    application.stop()
  }
}

/** Asks the other process with each session once. */
async function seen({ ports }, cookies, refused) {
  const statuses = await Promise.all(
    cookies.map((cookie) => send({ port: ports[1], path: '/orders', headers: { cookie } })),
  )
  const count = statuses.filter((status) => status !== 200).length
  if (count !== refused) throw new Error(`${count} of ${cookies.length} sessions were refused, not ${refused}`)
}

async function post(port, token) {
  const body = new URLSearchParams({ logout_token: token }).toString()
  const headers = { 'content-type': 'application/x-www-form-urlencoded', 'content-length': body.length }
  const status = await send({ port, path: '/backchannel-logout', method: 'POST', headers, body })
  if (status !== 200) throw new Error(`the logout was answered with ${status}`)
}

function send({ port, path, method = 'GET', headers, body }) {
  return new Promise((resolve, reject) => {
    const sent = request({ host: '127.0.0.1', port, path, method, headers }, (response) => {
      response.resume().once('end', () => resolve(response.statusCode))
    })
    sent.once('error', reject).end(body)
  })
}
