import type { StepUp } from './requirement.js'

type Wanted = readonly (StepUp | undefined)[]

/** What a login must reach to meet every one of several demands. Lists without a common value cancel each other out. */
export function strictest(wanted: Wanted): StepUp | undefined {
  const ages = wanted.flatMap((each) => each?.maxAge ?? [])
  const maxAge = ages.length === 0 ? undefined : Math.min(...ages)
  return stepUp(maxAge, common(lists(wanted, 'acrValues')), common(lists(wanted, 'providers')))
}

/** What a login must reach to meet at least one of several demands: only what all of them ask for. */
export function weakest(wanted: Wanted): StepUp | undefined {
  const ages = wanted.flatMap((each) => each?.maxAge ?? [])
  const either = (name: ListName): readonly string[] => {
    const given = lists(wanted, name)
    return given.length === wanted.length ? [...new Set(given.flat())] : []
  }
  const maxAge = ages.length === wanted.length ? Math.max(...ages) : undefined
  return stepUp(maxAge, either('acrValues'), either('providers'))
}

type ListName = 'acrValues' | 'providers'

function lists(wanted: Wanted, name: ListName): readonly (readonly string[])[] {
  return wanted.flatMap((each) => (each?.[name] === undefined ? [] : [each[name]]))
}

function common([first = [], ...others]: readonly (readonly string[])[]): readonly string[] {
  return first.filter((value) => others.every((list) => list.includes(value)))
}

function stepUp(
  maxAge: number | undefined,
  acrValues: readonly string[],
  providers: readonly string[],
): StepUp | undefined {
  const all = {
    ...(maxAge === undefined ? {} : { maxAge }),
    ...(acrValues.length === 0 ? {} : { acrValues }),
    ...(providers.length === 0 ? {} : { providers }),
  }
  return Object.keys(all).length === 0 ? undefined : all
}
