import { startChild } from './harness/child.js'
import { machine } from './harness/machine.js'
import { number, progress, reportTargets, section, table } from './harness/table.js'
import { startIssuer } from './issuer/server.js'

const own = 'express-oidc'
const peers = ['fast-jwt, static key, cache', 'jose, createRemoteJWKSet', 'express-oauth2-jwt-bearer']
const cases = {
  good: 'good tokens, each three times',
  forged: 'forged tokens',
  kids: 'unknown kids',
  issuers: 'unknown issuers',
}
const [few, many] = [10_000, 100_000]
// What a collector may leave lying around; a leak of one short string per token would be ten times that.
const slackMegabytes = 1

/** Measures each case in a separate process, after a full garbage collection. */
export async function run(command) {
  console.log(`# memory\n\n${machine()}`)
  const contenders = [own, ...(command.quick ? [] : peers.filter((name) => name.includes(command.only ?? '')))]
  const rows = []
  const targets = []
  for (const name of contenders) {
    for (const [kind, title] of Object.entries(cases)) {
      progress(`${name}, ${title}`)
      const { before, after, fetches } = await measure(name, kind)
      const growth = after - before
      rows.push([name, title, number(before), number(after), number(Math.max(0, growth)), fetches])
      if (name !== own) continue
      const goal = `grows by <= ${slackMegabytes} MB`
      targets.push({
        what: title,
        goal,
        seen: `${growth.toFixed(2)} MB`,
        verdict: growth <= slackMegabytes ? 'reached' : 'missed',
      })
    }
  }
  const columns = ['', 'distinct', 'MB after 10,000', 'MB after 100,000', 'growth MB', 'key fetches']
  section('Heap and external memory', table(columns, rows))
  return reportTargets(targets)
}

async function measure(name, kind) {
  const issuer = await startIssuer()
  const worker = startChild('memory/worker.js', { execArgv: ['--expose-gc'] })
  await worker.call('prepare', { name, trust: issuer.trust('ES256') })
  const before = await worker.call('feed', { kind, count: few })
  const after = await worker.call('feed', { kind, count: many - few })
  worker.stop()
  issuer.stop()
  return { before, after, fetches: issuer.requests() }
}
