import { existsSync, readFileSync } from 'node:fs'

/** What was under way when a disturbance began, or had waited for its end, may have been struck by it. */
const beforeMilliseconds = 1000
const afterMilliseconds = 3000

/** Counts what happened, and tells in the end what that means. */
export class Tally {
  #counts = new Map()
  /** Disturbances: `{ what, from, to }`. */
  disturbances = []
  crashes = []
  hung = []
  /** Sessions that are gone though nobody has ended them: `{ subject, at, seen }`. */
  lost = []
  /** Sessions that live though they were ended. */
  undead = []

  count(what) {
    this.#counts.set(what, (this.#counts.get(what) ?? 0) + 1)
  }

  of(what) {
    return this.#counts.get(what) ?? 0
  }

  /** Sorts the lost by what they were lost to, with the provider's log of spent refresh tokens. */
  judge(log) {
    const notes = existsSync(log)
      ? readFileSync(log, 'utf8')
          .trim()
          .split('\n')
          .filter(Boolean)
          .map((line) => JSON.parse(line))
      : []
    const delivered = new Set(notes.filter(({ wentOut }) => wentOut === true).flatMap(({ answered }) => answered))
    const judged = {
      reuse: notes.filter(({ reused }) => reused !== undefined).length,
      refreshes: delivered.size,
      lost: [],
      unanswered: [],
      unwritten: [],
    }
    for (const loss of this.lost) {
      const spent = notes.filter(({ spent, subject }) => spent !== undefined && subject === loss.subject)
      const last = spent.at(-1)
      const isUnanswered = last !== undefined && !delivered.has(last.spent)
      const ofProvider = isUnanswered ? this.#disturbanceAt(last.at, 'provider') : undefined
      const ofRedis = last && this.#disturbanceAt(last.at, 'redis')
      if (ofProvider) judged.unanswered.push({ ...loss, to: ofProvider })
      else if (ofRedis) judged.unwritten.push({ ...loss, to: ofRedis })
      else
        judged.lost.push({
          ...loss,
          spent: spent.map(({ at, spent: id }) => ({ before: loss.at - at, wentOut: delivered.has(id) })),
        })
    }
    return judged
  }

  #disturbanceAt(at, who) {
    const index = this.disturbances.findIndex(
      ({ what, from, to }) => what.includes(who) && at >= from - beforeMilliseconds && at <= to + afterMilliseconds,
    )
    return index === -1 ? undefined : { number: index + 1, ...this.disturbances[index] }
  }

  /** In a few words. */
  summary() {
    const { crashes, hung, lost, undead, disturbances } = this
    return `${this.of('logins')} logins, ${disturbances.length} disturbances, ${crashes.length} crashes, ${hung.length} hung, ${lost.length} gone, ${undead.length} undead`
  }

  /** Lines of counts, sorted by name. */
  lines() {
    return [...this.#counts]
      .sort(([a], [b]) => a.localeCompare(b))
      .map(([what, count]) => `  ${String(count).padStart(7)}  ${what}`)
  }
}
