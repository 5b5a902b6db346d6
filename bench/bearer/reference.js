import { medians } from '../harness/rounds.js'
import { contenderNamed } from './contenders.js'

/** Scenarios, in words. */
export const titles = { unseen: 'every token new', thousand: '1000 tokens in turn', single: 'one token' }

/** What results are compared with: others by their name, and the peer that took the least CPU. */
export function reference(results) {
  const peers = results.filter(({ name }) => contenderNamed(name).kind === 'peer')
  const cost = ({ turns }) => medians(turns).cpu
  return {
    turnsOf: (name) => results.find((result) => result.name === name)?.turns,
    bestPeer: peers.length === 0 ? undefined : peers.reduce((a, b) => (cost(b) < cost(a) ? b : a)),
  }
}
