import type { Runtime } from '../../base/runtime.js'
import type { ListEntry } from './entry.js'

/** How many sessions of one person are listed. */
export const slotCount = 100

/** A slot to try first: most lists are nearly empty. */
export function randomSlot(runtime: Pick<Runtime, 'randomBytes'>): number {
  return randomBelow(slotCount, runtime)
}

/**
 * Chooses a slot for a new session: a free one, or else that of the session that was renewed longest ago. With each attempt there
 * are more to choose from, since logins at the same moment would all choose the same one.
 *
 * @param entries - what the slots hold; `undefined` if that is nothing, or nobody can read it
 * @param texts - the same, sealed
 */
export function slotFor(
  entries: readonly (ListEntry | undefined)[],
  texts: readonly (string | undefined)[],
  attempt: number,
  runtime: Pick<Runtime, 'randomBytes'>,
): number {
  const slots = entries.map((_, slot) => slot)
  const free = slots.filter((slot) => texts[slot] === undefined)
  if (free.length > 0) return pick(free, runtime)
  const age = (slot: number): readonly [number, number] => {
    const { touchedAt = 0, createdAt = 0 } = entries[slot] ?? {}
    return [touchedAt, createdAt]
  }
  const oldestFirst = slots.sort((a, b) => age(a)[0] - age(b)[0] || age(a)[1] - age(b)[1])
  return pick(oldestFirst.slice(0, 2 ** attempt), runtime)
}

function pick(slots: readonly number[], runtime: Pick<Runtime, 'randomBytes'>): number {
  return slots[randomBelow(slots.length, runtime)] ?? 0
}

// At most 100 of 65536: the difference between them does not matter.
function randomBelow(count: number, runtime: Pick<Runtime, 'randomBytes'>): number {
  return runtime.randomBytes(2).readUInt16BE() % count
}
