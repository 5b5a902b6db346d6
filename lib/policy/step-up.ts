import type { StepUp } from './requirement.js'

type Wanted = readonly (StepUp | undefined)[]

/** What a login must reach to meet every one of several demands. `acr` lists without a common value cancel each other out. */
export function strictest(wanted: Wanted): StepUp | undefined {
  const ages = wanted.flatMap((each) => each?.maxAge ?? [])
  const lists = wanted.flatMap((each) => (each?.acrValues === undefined ? [] : [each.acrValues]))
  const [first = [], ...others] = lists
  const common = first.filter((value) => others.every((list) => list.includes(value)))
  return stepUp(ages.length === 0 ? undefined : Math.min(...ages), common)
}

/** What a login must reach to meet at least one of several demands: only what all of them ask for. */
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
