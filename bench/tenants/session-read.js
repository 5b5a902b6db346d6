import { startChild } from '../harness/child.js'
import { interleaved, median, medians, middleHalf, ratios } from '../harness/rounds.js'
import { number, progress, range, section, table, target } from '../harness/table.js'
import { startIssuer } from '../issuer/server.js'
import { beginSessions } from '../session/gate.js'
import { contenders, one } from './contenders.js'

const sessions = 200

/** Reads sessions of one provider, of one of several, and of a tenant, in turns. */
export async function measureSessionRead({ rounds, requests }) {
  const issuer = await startIssuer()
  const loader = startChild('session/load.js', { cpu: 1 })
  const { issuer: url } = issuer.trust('RS256')
  const { id_token } = issuer.grants.tokens('a-nonce-as-long-as-others-of-43-characters-')
  const { sub } = JSON.parse(Buffer.from(id_token.split('.')[1], 'base64url'))
  const servers = []
  try {
    for (const { name, start } of contenders) {
      const child = startChild('tenants/server.js', { cpu: 0 })
      servers.push({ name, child })
      const port = await child.call('start', { name, issuer: url })
      const begun = start === undefined ? { cookies: [] } : await beginSessions({ start }, port, sub, sessions)
      if (begun.problem !== undefined) throw new Error(`${name} ${begun.problem}`)
      Object.assign(servers.at(-1), { port, cookies: begun.cookies })
    }
    const turn = async ({ name, child, port, cookies }) => {
      const before = await child.call('cpu')
      await loader.call('open', { port, cookies })
      const { non2xx } = await loader.call('send', { count: requests, cookies })
      await loader.call('close')
      if (non2xx > 0) throw new Error(`${name} refused ${non2xx} good sessions`)
      return { cpu: ((await child.call('cpu')) - before) / requests }
    }
    progress('session read: warm up')
    for (const server of servers) await turn(server)
    progress('session read: measure')
    return report(await interleaved(servers, rounds, turn))
  } finally {
    for (const { child } of servers) child.stop()
    loader.stop()
    issuer.stop()
  }
}

function report(results) {
  const turnsOf = (wanted) => [...results].find(([{ name }]) => name === wanted)[1]
  const base = turnsOf(one.name)
  const rows = [...results].map(([{ name }, turns]) => {
    const times = ratios(turns, base, 'cpu')
    return [name, number(medians(turns).cpu), number(median(times)), range(middleHalf(times))]
  })
  section('Session read, over HTTP', table(['', 'CPU us', `x ${one.name}`, 'middle half'], rows))
  const [, , ...others] = contenders
  return others.map(({ name }) =>
    target(`session read, ${name}: times ${one.name}`, median(ratios(turnsOf(name), base, 'cpu')), 1.1, true),
  )
}
