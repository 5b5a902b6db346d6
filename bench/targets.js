/*
 * Every ratio that is judged, by the question that it answers. `times`: as many requests in a second of CPU as another; `cost`: CPU or
 * another number, times another's; `over`: the same of what is above the bare route.
 */
import { isTrusted, nullError, interval, times, timesOver } from './harness/comparison.js'
import { number, percent } from './harness/table.js'

const own = 'express-oidc'
const [fastJwt, fastJwtCache] = ['fast-jwt, static key', 'fast-jwt, static key, cache']
const auth0 = 'express-oauth2-jwt-bearer'
const byHand = 'hand-written cache'
const guarded = 'express-oidc + requireAuth(scope())'
const sessions = 'express-openid-connect'

const bearerSeen = [
  { times: fastJwtCache, atLeast: 1 },
  { times: byHand, atLeast: 0.95 },
  { times: auth0, atLeast: 1.8 },
  { of: guarded, times: own, atLeast: 0.96 },
]
const bearerNew = [
  { times: fastJwt, atLeast: 1 },
  { times: auth0, atLeast: 1.2 },
]
const burst = [{ cost: auth0, unit: 'delay', atMost: 1 }]
const algorithms = ['RS256', 'ES256', 'EdDSA']

/** What a question is called, and what is judged of the comparison that answers it. */
export const questions = {
  ...perAlgorithm('seen', (alg) => `What does a token cost that was seen before (${alg})?`, bearerSeen),
  ...perAlgorithm('unseen', (alg) => `What does a token cost that was never seen (${alg})?`, bearerNew),
  ...perAlgorithm('burst 8', (alg) => `How long do 8 new tokens at once hold up the event loop (${alg})?`, burst),
  ...perAlgorithm('burst 64', (alg) => `How long do 64 new tokens at once hold up the event loop (${alg})?`, burst),
  session: {
    question: 'What does a request with a session cost?',
    judged: [
      { over: 'node:crypto AES-256-GCM, by hand', base: 'bare route (limit)', atMost: 1.25 },
      { cost: sessions, atMost: 0.43 },
      { of: 'express-oidc, redisStore', cost: 'express-session + connect-redis', atMost: 1.1 },
    ],
  },
  'login 1': { question: 'What does a login cost, one after the other?', judged: [{ times: sessions, atLeast: 1.6 }] },
  'login 8': { question: 'What does a login cost, 8 at a time?', judged: [{ times: sessions, atLeast: 1.6 }] },
  'login 200': {
    question: 'How long do 200 people wait who log in at once?',
    judged: [
      { cost: sessions, unit: 'p99', atMost: 1 },
      { cost: sessions, unit: 'connections', atMost: 0.7 },
    ],
  },
  import: {
    question: 'What does the import cost?',
    judged: [
      { cost: 'express', atMost: 0.5 },
      { of: 'express-oidc/bearer', cost: 'express', atMost: 0.5 },
    ],
  },
}

function perAlgorithm(name, question, judged) {
  return Object.fromEntries(algorithms.map((alg) => [`${alg} ${name}`, { question: question(alg), judged }]))
}

/** Who takes part: with `--strict` those of a judged ratio and the limits alone, so that there is time for more sets of processes. */
export function takingPart(key, contenders, { strict }) {
  if (!strict) return contenders
  const named = new Set([own, ...questions[key].judged.flatMap(({ of, times, cost, over }) => [of, times, cost, over])])
  return contenders.filter(({ name, kind }) => kind === 'limit' || named.has(name))
}

/** The verdicts on a comparison. */
export function judge(key, comparison) {
  return (questions[key]?.judged ?? []).map((judged) => verdict(key, comparison, judged))
}

function verdict(key, comparison, { of = own, atLeast, atMost, unit = 'cpu', ...others }) {
  const [kind] = Object.keys(others)
  const other = others[kind]
  const what = `${key}: ${wording(kind, { of, other, unit, base: others.base })}`
  const goal = atLeast === undefined ? `<= ${atMost}` : `>= ${atLeast}`
  const ratio = ratioOf(comparison, { kind, of, other, unit, base: others.base })
  if (ratio === undefined) return { what, goal, seen: 'not measured', verdict: 'absent' }
  const seen = { what, goal, seen: number(ratio.value), range: interval(ratio) }
  if (!isTrusted(comparison))
    return {
      ...seen,
      verdict: 'noisy',
      why: `not judged: the null comparison is off by ${percent(nullError(comparison))}`,
    }
  const isReached = atLeast === undefined ? ratio.value <= atMost : ratio.value >= atLeast
  return { ...seen, verdict: isReached ? 'reached' : 'missed' }
}

function ratioOf(comparison, { kind, of, other, unit, base }) {
  if (kind === 'over') return timesOver(comparison, of, other, base, unit)
  return kind === 'times' ? times(comparison, other, of, unit) : times(comparison, of, other, unit)
}

function wording(kind, { of, other, unit, base }) {
  if (kind === 'times') return `${of}, times ${other}`
  const what = {
    cpu: 'CPU',
    delay: 'p99 of the event-loop delay',
    p99: 'p99',
    connections: 'connections to the provider',
  }[unit]
  return `${what} of ${of}${kind === 'over' ? ` above the ${base}` : ''}, times that of ${other}`
}
