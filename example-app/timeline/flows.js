/** @typedef {import('./timeline.js').Step} Step */

const outOfSight = 'out of sight'

/** Whose lifelines a flow may have, from left to right: the first two always, the others where they take part. */
const lanes = [
  { id: 'browser', label: 'Browser' },
  { id: 'app', label: 'App' },
  { id: 'provider', label: 'Provider' },
  { id: 'api', label: 'API' },
  { id: 'other', label: 'Other' },
]
const lanesOfAll = 2

/**
 * What the application cannot see.
 *
 * @param {boolean} leaving
 * @returns {Omit<Step, 'at'>}
 */
function atProvider(leaving) {
  return {
    from: 'browser',
    to: 'provider',
    what: outOfSight,
    title: 'You deal with the provider alone',
    why: leaving
      ? 'It asks whether to sign you out there too, and sends you back.'
      : 'It asks who you are. The app takes no part in it and never sees a password.',
    carried: [],
  }
}

/**
 * The steps as flows, the newest first, for the template. Times are relative to the flow's first step.
 *
 * @param {readonly Step[]} startSteps
 * @param {readonly Step[]} steps
 */
export function flows(startSteps, steps) {
  /** @type {Step[][]} */
  const groups = []
  for (const step of steps) {
    const last = groups.at(-1)
    if (last === undefined || step.begins || isStray(step, last)) groups.push([step])
    else last.push(step)
  }
  const lived = groups.map(flow).reverse()
  if (startSteps.length === 0) return lived
  const [first, ...others] = startSteps
  return [...lived, flow([{ .../** @type {Step} */ (first), begins: { title: 'When the app started' } }, ...others])]
}

/**
 * Whether a callback has nothing to do with the flow before it: a login in another tab, or an old address.
 *
 * @param {Step} step
 * @param {readonly Step[]} group
 */
function isStray({ what, from }, group) {
  const isCallback = from === 'browser' && /\/callback(\/|$)/.test(what)
  const isLogin = group[0]?.begins?.isLogin === true
  return isCallback && (!isLogin || group.some((step) => step.from === from && step.what === what))
}

/** @param {readonly Step[]} steps */
function flow(steps) {
  const [first] = steps
  const began = first?.at ?? 0
  const { title, stop = 'sign-in', isLogin = false } = first?.begins ?? { title: 'Callback', isLogin: true }
  const unseen = atProvider(title === 'Logout')
  const shown = steps.flatMap((step) => (leadsToProvider(step) ? [step, { ...unseen, at: step.at }] : [step]))
  const taking = new Set(shown.flatMap(({ from, to }) => [from, to]))
  const own = lanes.filter(({ id }, index) => index < lanesOfAll || taking.has(/** @type {Step['from']} */ (id)))
  const place = (/** @type {string} */ party) => own.findIndex(({ id }) => id === party)
  return {
    title,
    stop,
    beganAt: new Date(began).toISOString(),
    // An API that refuses has answered.
    failed: isLogin && steps.some((step) => step.failed),
    lanes: own,
    steps: shown.map((step, index) => ({
      ...step,
      route: [step.from, step.to].map((party) => own[place(party)]?.label).join(' → '),
      left: Math.min(place(step.from), place(step.to)),
      long: Math.abs(place(step.from) - place(step.to)),
      isBack: place(step.from) > place(step.to),
      number: index + 1,
      after: step.what === outOfSight ? '' : elapsed(step.at - began),
    })),
  }
}

/** @param {Step} step */
function leadsToProvider({ from, to, what }) {
  return from === 'app' && to === 'browser' && /^30\d → https?:/.test(what)
}

/** @param {number} milliseconds */
function elapsed(milliseconds) {
  return milliseconds < 1000 ? `+${milliseconds} ms` : `+${(milliseconds / 1000).toFixed(1)} s`
}
