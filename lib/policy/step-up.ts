import type { StepUp } from './requirement.js'

type Wanted = readonly (StepUp | undefined)[]

/** What a login must reach so that each of several demands is met; of two that exclude each other nothing is left. */
export function strictest(wanted: Wanted): StepUp | undefined {
  const ages = wanted.flatMap((each) => each?.maxAge ?? [])
  const lists = wanted.flatMap((each) => (each?.acrValues === undefined ? [] : [each.acrValues]))
  const [first = [], ...others] = lists
  const common = first.filter((value) => others.every((list) => list.includes(value)))
  return stepUp(ages.length === 0 ? undefined : Math.min(...ages), common)
}

/** What a login must reach in any case so that one of several demands is met: what only some of them ask for is left out. */
export function weakest(wanted: Wanted): StepUp | undefined {
  const ages = wanted.flatMap((each) => each?.maxAge ?? [])
  const lists = wanted.flatMap((each) => (each?.acrValues === undefined ? [] : [each.acrValues]))
  return stepUp(
    ages.length === wanted.length ? Math.max(...ages) : undefined,
    lists.length === wanted.length ? [...new Set(lists.flat())] : [],
  )
}

function stepUp(maxAge: number | undefined, acrValues: readonly string[]): StepUp | undefined {
  if (maxAge === undefined && acrValues.length === 0) return undefined
  return { ...(maxAge === undefined ? {} : { maxAge }), ...(acrValues.length === 0 ? {} : { acrValues }) }
}
