/** @typedef {import('./timeline.js').Step} Step */

const outOfSight = 'out of sight'

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
  const lived = groups.map((group) => flow(titleOf(group), group)).reverse()
  return startSteps.length === 0 ? lived : [...lived, flow('When the app started', [...startSteps])]
}

/** @param {readonly Step[]} group */
function titleOf([first]) {
  if (first?.what.endsWith('/logout')) return 'Logout'
  if (first?.what.endsWith('/try-api')) return 'API call'
  if (first?.what.endsWith('/sign-out-everywhere')) return 'Sign out everywhere'
  return first?.begins ? 'Login' : 'Callback'
}

/**
 * Whether a callback has nothing to do with the flow before it: a login in another tab, or an old address.
 *
 * @param {Step} step
 * @param {readonly Step[]} group
 */
function isStray({ what, from }, group) {
  const isCallback = from === 'browser' && /\/callback(\/|$)/.test(what)
  return isCallback && (titleOf(group) !== 'Login' || group.some((step) => step.from === from && step.what === what))
}

/**
 * @param {string} title
 * @param {readonly Step[]} steps
 */
function flow(title, steps) {
  const began = steps[0]?.at ?? 0
  const unseen = atProvider(title === 'Logout')
  const shown = steps.flatMap((step) => (leadsToProvider(step) ? [step, { ...unseen, at: step.at }] : [step]))
  return {
    title,
    beganAt: new Date(began).toISOString(),
    failed: steps.some((step) => step.failed),
    withApi: steps.some(({ to }) => to === 'api'),
    steps: shown.map((step, index) => ({
      ...step,
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
