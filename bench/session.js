import { canPin, startChild } from './harness/child.js'
import { load, machine } from './harness/machine.js'
import { interleaved } from './harness/rounds.js'
import { progress, reportTargets } from './harness/table.js'
import { startRedis } from './harness/redis-server.js'
import { startIssuer } from './issuer/server.js'
import { contenders } from './session/contenders.js'
import { beginSession, setCookieBytes } from './session/gate.js'
import { bare, cookieOfOurs, sessionReport, sessionTargets } from './session/report.js'

export const summary = 'a login session read by each request over HTTP, CPU over a bare route'

const plans = {
  quick: { rounds: 7, requests: 1500, warmUp: 1500 },
  full: { rounds: 21, requests: 6000, warmUp: 6000 },
}

/** Begins one session in each contender, sees that it is really read, and then reads it over and over. */
export async function run(command) {
  const pinned = canPin ? 'server and load generator on a core each' : 'processes wherever the system puts them'
  console.log(`# session\n\n${machine()}; ${load()}; ${pinned}`)
  const issuer = await startIssuer()
  const redis = await startRedis()
  const { id_token, access_token, refresh_token } = issuer.grants.tokens('a-nonce-as-long-as-others-of-43-characters-')
  const user = JSON.parse(Buffer.from(id_token.split('.')[1], 'base64url'))
  const session = { id_token, access_token, refresh_token, user: { sub: user.sub, name: user.name, email: user.email } }
  const context = { issuer: issuer.trust('RS256').issuer, redisUrl: redis?.url, session }
  const { servers, notes } = await startServers(command, context)
  try {
    const results = await measure(servers, plans[command.quick ? 'quick' : 'full'])
    const bytes = Buffer.byteLength(JSON.stringify(session))
    sessionReport(results, [`The session is ${bytes} bytes of JSON.`, ...notes])
    return reportTargets(sessionTargets(results))
  } finally {
    for (const { child } of servers) child.stop()
    await redis?.stop()
    issuer.stop()
  }
}

async function startServers(command, context) {
  const servers = []
  const notes = []
  for (const contender of contenders) {
    const { name, kind, needsRedis } = contender
    if (kind === 'peer' && !name.includes(command.only ?? '')) continue
    if (needsRedis && context.redisUrl === undefined) {
      notes.push(`- not measured: ${name}, since there is no redis-server`)
      continue
    }
    const child = startChild('session/server.js', { cpu: 0 })
    const port = await child.call('start', { name, context })
    const begun = kind === 'limit' ? {} : await beginSession(contender, port, context.session.user.sub)
    if (begun.problem === undefined) servers.push({ name, kind, child, port, ...begun })
    else {
      notes.push(`- not measured: ${name} ${begun.problem}`)
      child.stop()
    }
  }
  // The ignored cookie is the one of express-oidc.
  const ours = servers.find(({ name }) => name === 'express-oidc')?.cookie
  for (const server of servers) if (server.name === cookieOfOurs) server.cookie = ours
  return { servers, notes }
}

async function measure(servers, { rounds, requests, warmUp }) {
  const loader = startChild('session/load.js', { cpu: 1 })
  progress('warm up')
  for (const { port, cookie } of servers) await loader.call('send', { port, cookie, count: warmUp })
  progress('measure')
  const turns = await interleaved(servers, rounds, async ({ name, child, port, cookie }) => {
    const before = await child.call('cpu')
    const seen = await loader.call('send', { port, cookie, count: requests })
    const cpu = ((await child.call('cpu')) - before) / requests
    if (seen.non2xx > 0) throw new Error(`${name} refused ${seen.non2xx} good sessions`)
    return { ...seen, cpu }
  })
  loader.stop()
  for (const server of servers)
    if (server.cookie !== undefined && server.name !== bare)
      server.setCookieBytes = await setCookieBytes(server.port, server.cookie)
  return [...turns].map(([server, list]) => ({ ...server, turns: list }))
}
