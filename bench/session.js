import { canPin, startChild } from './harness/child.js'
import { compare, reportComparison } from './harness/comparison.js'
import { load, machine } from './harness/machine.js'
import { reportProfile } from './harness/profile.js'
import { startRedis } from './harness/redis-server.js'
import { number, reportTargets } from './harness/table.js'
import { startIssuer } from './issuer/server.js'
import { contenders } from './session/contenders.js'
import { beginSession, setCookieBytes } from './session/gate.js'
import { unread } from './session/peers.js'
import { judge, questions } from './targets.js'

const own = 'express-oidc'
const plans = {
  quick: { rounds: 4, sets: [2, 2], requests: 1500, warmUp: 1500 },
  full: { rounds: 8, sets: [4, 12], requests: 2000, warmUp: 4000 },
}

/** Begins one session in each contender, sees that it is really read, and then reads it over and over. */
export async function run(command) {
  const pinned = canPin ? 'server and load generator on a core each' : 'processes wherever the system puts them'
  console.log(`# session\n\n${machine()}; ${load()}; ${pinned}`)
  const issuer = await startIssuer()
  const redis = await startRedis()
  const loader = startChild('session/load.js', { cpu: 1 })
  const session = sessionOf(issuer)
  const context = { issuer: issuer.trust('RS256').issuer, redisUrl: redis?.url, session }
  const bench = { plan: plans[command.quick ? 'quick' : 'full'], loader, context, seen: new Map() }
  try {
    return command.profile ? await profile(bench) : await measure(command, bench)
  } finally {
    loader.stop()
    await redis?.stop()
    issuer.stop()
  }
}

async function measure(command, bench) {
  const { admitted, notes } = await admit(command, bench)
  const { plan, seen, context } = bench
  const open = ({ name, isNull }) => openServer(bench, isNull ? own : name)
  const comparison = await compare({ title: questions.session.question, contenders: admitted, plan, open })
  const cookies = (name) => seen.get(name) ?? seen.get(own)
  const columns = [
    ['requests/s', ({ rate }) => number(rate)],
    ['CPU us', ({ cpu }) => number(cpu)],
    ['Cookie bytes', (_, name) => cookies(name).cookie.length],
    ['Set-Cookie bytes', (_, name) => cookies(name).setCookieBytes],
  ]
  const bytes = Buffer.byteLength(JSON.stringify(context.session))
  reportComparison(comparison, columns, `The session is ${bytes} bytes of JSON.`, ...notes)
  return reportTargets(judge('session', comparison))
}

/** A new process with a session that has begun. */
async function openServer({ plan, loader, context, seen }, name) {
  const contender = contenders.find((one) => one.name === name)
  const child = startChild('session/server.js', { cpu: 0 })
  const port = await child.call('start', { name, context })
  const begun = contender.kind === 'limit' ? {} : await beginSession(contender, port, context.session.user.sub)
  if (begun.problem !== undefined) {
    child.stop()
    return begun
  }
  // What the bare route does not look at is the cookie of express-oidc.
  const cookie = name === unread.name ? seen.get(own).cookie : begun.cookie
  const bytes = contender.kind === 'limit' ? 0 : await setCookieBytes(port, cookie)
  seen.set(name, { cookie: cookie ?? '', setCookieBytes: bytes })
  const send = async (count) => {
    const result = await loader.call('send', { count })
    if (result.non2xx > 0) throw new Error(`${name} refused ${result.non2xx} good sessions`)
    return result
  }
  const turn = async (count) => {
    await loader.call('open', { port, cookie })
    const before = await child.call('cpu')
    const result = await send(count)
    const cpu = ((await child.call('cpu')) - before) / count
    await loader.call('close')
    return { ...result, cpu }
  }
  await turn(plan.warmUp)
  return { child, turn, measure: () => turn(plan.requests), close: () => child.stop() }
}

async function admit({ only = '' }, bench) {
  const admitted = []
  const notes = []
  // Ours first: another row needs its cookie.
  for (const { name, kind, needsRedis } of contenders.toSorted((a, b) => (b.name === own) - (a.name === own))) {
    if (kind === 'peer' && !name.includes(only)) continue
    if (needsRedis && bench.context.redisUrl === undefined) {
      notes.push(`- not measured: ${name}, since there is no redis-server`)
      continue
    }
    const opened = await openServer({ ...bench, plan: { warmUp: 50 } }, name)
    if (opened.problem === undefined) admitted.push({ name })
    else notes.push(`- not measured: ${name} ${opened.problem}`)
    opened.close?.()
  }
  return { admitted, notes }
}

async function profile(bench) {
  const count = 4000
  for (const name of [own, 'bare route (limit)', 'express-oidc, redisStore']) {
    if (name.includes('redis') && bench.context.redisUrl === undefined) continue
    const { child, turn, close } = await openServer(bench, name)
    await reportProfile(name, child, async () => {
      await turn(count)
      return count
    })
    close()
  }
  return []
}

function sessionOf(issuer) {
  const { id_token, access_token, refresh_token } = issuer.grants.tokens('a-nonce-as-long-as-others-of-43-characters-')
  const user = JSON.parse(Buffer.from(id_token.split('.')[1], 'base64url'))
  return { id_token, access_token, refresh_token, user: { sub: user.sub, name: user.name, email: user.email } }
}
