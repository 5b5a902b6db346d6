import { answerCalls } from '../harness/child.js'
import { interleaved } from '../harness/rounds.js'
import { sources } from './sources.js'

const warmUpCalls = 20_000
const entries = []

answerCalls({
  /** Lets those in that give the same token again. */
  async prepare(context) {
    const faults = []
    for (const { name, source } of sources) {
      const getToken = await source(context)
      const first = await getToken()
      if (typeof first === 'string' && first !== '' && first === (await getToken())) entries.push({ name, getToken })
      else faults.push(`- not measured: ${name} gives another token each time`)
    }
    for (const { getToken } of entries) await timed(getToken, warmUpCalls)
    return faults
  },
  async measure({ rounds, calls }) {
    const turns = await interleaved(entries, rounds, ({ getToken }) => timed(getToken, calls))
    return [...turns].map(([{ name }, list]) => ({ name, turns: list }))
  },
})

async function timed(getToken, calls) {
  const cpu = process.cpuUsage()
  const start = process.hrtime.bigint()
  for (let i = 0; i < calls; i++) await getToken()
  const wall = Number(process.hrtime.bigint() - start)
  const { user, system } = process.cpuUsage(cpu)
  return { wall: wall / calls, cpu: ((user + system) * 1000) / calls }
}
