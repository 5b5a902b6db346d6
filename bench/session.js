import { canPin, startChild } from './harness/child.js'
import { compare, reportComparison, setsOf } from './harness/comparison.js'
import { load, machine } from './harness/machine.js'
import { reportProfile } from './harness/profile.js'
import { startRedis } from './harness/redis-server.js'
import { number, reportTargets } from './harness/table.js'
import { startIssuer } from './issuer/server.js'
import { contenders } from './session/contenders.js'
import { beginSessions } from './session/gate.js'
import { startMint } from './session/minted.js'
import { unread } from './session/peers.js'
import { judge, questions, takingPart } from './targets.js'

const own = 'express-oidc'
const plans = {
  quick: { rounds: 15, requests: 400, warmUp: 3000, sessions: 1000 },
  full: { rounds: 40, requests: 400, warmUp: 4000, sessions: 1000 },
}

/** Begins sessions in each contender, sees that they are really read, and then reads them in turn, over and over. */
export async function run(command) {
  const pinned = canPin ? 'server and load generator on a core each' : 'processes wherever the system puts them'
  console.log(`# session\n\n${machine()}; ${load()}; ${pinned}`)
  const issuer = await startIssuer()
  const redis = await startRedis()
  const loader = startChild('session/load.js', { cpu: 1 })
  const session = sessionOf(issuer)
  const context = { issuer: issuer.trust('RS256').issuer, redisUrl: redis?.url, session }
  const plan = { ...plans[command.quick ? 'quick' : 'full'], sets: setsOf(command) }
  const bench = { plan, loader, context, begun: new Map(), mint: await startMint({ context, name: own }) }
  try {
    return command.profile ? await profile(bench) : await measure(command, bench)
  } finally {
    bench.mint.stop()
    loader.stop()
    await redis?.stop()
    issuer.stop()
  }
}

async function measure(command, bench) {
  const { admitted, notes } = await admit(command, bench)
  const { plan, begun, context } = bench
  const open = ({ name, isNull }) => openServer(bench, isNull ? own : name)
  const comparison = await compare({ title: questions.session.question, contenders: admitted, plan, open })
  const ofOne = (name) => begun.get(name) ?? begun.get(own)
  const columns = [
    ['requests/s', ({ rate }) => number(rate)],
    ['CPU us', ({ cpu }) => number(cpu)],
    ['Cookie bytes', (_, name) => ofOne(name).cookies[0]?.length ?? 0],
    ['Set-Cookie bytes', (_, name) => ofOne(name).setCookieBytes],
  ]
  const bytes = Buffer.byteLength(JSON.stringify(context.session))
  reportComparison(comparison, columns, `${plan.sessions} sessions in turn, each of ${bytes} bytes of JSON.`, ...notes)
  return reportTargets(judge('session', comparison))
}

/** A new process, and the sessions that the first of its kind has begun. */
async function openServer(bench, name) {
  const { plan, loader, context, mint } = bench
  const contender = contenders.find((one) => one.name === name)
  const child = startChild('session/server.js', { cpu: 0 })
  const port = await child.call('start', { name, context })
  const { problem, cookies } = await sessionsOf(bench, contender, port)
  if (problem !== undefined) {
    child.stop()
    return { problem }
  }
  const cookiesFor = (count) => (contender.isUnseen ? mint.mint(count, cookies[0].length) : { first: cookies, cookies })
  const turn = async (count) => {
    const given = await cookiesFor(count)
    await loader.call('open', { port, cookies: given.first })
    const before = await child.call('cpu')
    const result = await loader.call('send', { count, cookies: given.cookies })
    const cpu = ((await child.call('cpu')) - before) / count
    await loader.call('close')
    if (result.non2xx > 0) throw new Error(`${name} refused ${result.non2xx} good sessions`)
    return { ...result, cpu }
  }
  await turn(plan.warmUp)
  return { child, turn, measure: () => turn(plan.requests), close: () => child.stop() }
}

async function sessionsOf({ begun, plan, context }, contender, port) {
  const { name, kind } = contender
  if (!begun.has(name)) begun.set(name, await beginAt(port))
  return begun.get(name)

  async function beginAt() {
    // What the bare route does not look at is the cookie of express-oidc.
    if (kind === 'limit') return { cookies: name === unread.name ? begun.get(own).cookies : [], setCookieBytes: 0 }
    return beginSessions(contender, port, context.session.user.sub, plan.sessions)
  }
}

async function admit(command, bench) {
  const { only = '' } = command
  const admitted = []
  const notes = []
  // Ours first: another row needs its cookie.
  for (const { name, kind, needsRedis } of takingPart('session', contenders, command).toSorted(
    (a, b) => (b.name === own) - (a.name === own),
  )) {
    if (kind === 'peer' && !name.includes(only)) continue
    if (needsRedis && bench.context.redisUrl === undefined) {
      notes.push(`- not measured: ${name}, since there is no redis-server`)
      continue
    }
    const opened = await openServer({ ...bench, plan: { ...bench.plan, warmUp: 50 } }, name)
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
