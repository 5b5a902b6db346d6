import type { FrameworkRequest } from '../options/framework.js'
import type {
  DecisionAction,
  DecisionAnswer,
  DecisionQuestion,
  DecisionResource,
  DecisionSubject,
} from '../options/decision/question.js'
import { requireDecision } from '../options/decision/schema.js'
import type { Principal } from '../policy/principal.js'
import { addMakers, met, type NamedRequirement, type Verdict } from '../policy/requirement.js'
import { AccessError } from '../errors.js'
import type { PolicyDecisionPoint } from './policy-decision-point.js'

/** A part of the question, or a function that makes it from the request. */
export type QuestionPart<Part, Request = FrameworkRequest> =
  Part | ((req: Request, principal: Principal) => Part | Promise<Part>)

/** Options of `decision()`. */
export interface DecisionOptions<Request = FrameworkRequest> {
  /** The policy decision point. */
  pdp: Pick<PolicyDecisionPoint, 'evaluate' | 'evaluateAll'>
  /** The action, by its name or with properties. */
  action: QuestionPart<string | DecisionAction, Request>
  /** The resource that is acted on. A list asks about each in one request. Each must be allowed; an empty list is refused. */
  resource: QuestionPart<DecisionResource | readonly DecisionResource[], Request>
  /** The subject who acts. @default `user`, or `client` for a machine, and the subject of the session or access token */
  subject?: QuestionPart<DecisionSubject, Request> | undefined
  /** The circumstances. @default none */
  context?: QuestionPart<Readonly<Record<string, unknown>>, Request> | undefined
  /** Gets each answer, with what else the policy decision point says. Its errors go to the error handlers. @default none */
  onAnswer?: ((answer: DecisionAnswer, question: DecisionQuestion, req: Request) => unknown) | undefined
}

const kind = 'decision'

/**
 * Requires that a policy decision point allows the request, by the OpenID AuthZEN Authorization API 1.0. Only `true` allows. If the
 * policy decision point cannot be asked, or its answer cannot be read, the request gets 503 `decision_unavailable`, and `not()` is
 * not met either. Guards of one request that ask the same question ask it once.
 *
 * @example
 * ```ts
 * import { decision, policyDecisionPoint } from 'express-oidc'
 * import type { Request } from 'express'
 *
 * const pdp = policyDecisionPoint({ url: 'https://pdp.example.com' })
 * const resource = (req: Request) => ({ type: 'order', id: String(req.params['id']) })
 * app.delete('/orders/:id', requireAuth(decision({ pdp, action: 'delete', resource })), removeOrder)
 * ```
 *
 * @throws {ConfigurationError} `invalid_options`
 * @see https://openid.net/specs/authorization-api-1_0.html
 */
export function decision<Request = FrameworkRequest>(options: DecisionOptions<Request>): NamedRequirement<Request> {
  requireDecision(options)
  return { kind, check: (principal, req) => decide(options, principal, req) }
}

addMakers(decision)

async function decide<Request>(
  options: DecisionOptions<Request>,
  principal: Principal,
  req: Request,
): Promise<Verdict> {
  const questions = await questionsOf(options, principal, req)
  const answers = await askOnce(options.pdp, questions, req).catch((error: unknown) => {
    if (error instanceof AccessError) return error
    throw error
  })
  if (answers instanceof AccessError) return { met: false, kind, undecided: true, outage: answers }
  for (const [index, question] of questions.entries()) {
    const answer = answers[index]
    if (answer !== undefined) await options.onAnswer?.(answer, question, req)
  }
  return verdictOf(answers, questions.length)
}

// A `pdp` that is not of this package may answer anything. Nobody has decided on an empty list.
function verdictOf(answers: readonly DecisionAnswer[], count: number): Verdict {
  const areAll = count > 0 && answers.length === count
  if (areAll && answers.every(isPermit)) return met
  const isDenied = areAll && answers.some(isDenial)
  const details = { subject: kind, seen: isDenied ? 'deny' : 'no decision', expected: 'permit' }
  return { met: false, kind, details, ...(isDenied ? {} : { undecided: true }) }
}

function isPermit({ decision: isAllowed }: { readonly decision: unknown }): boolean {
  return isAllowed === true
}

// An error within an answer is `false` as well, since that is what decisions default to (Authorization API 1.0, section 7.3).
function isDenial({
  decision: isAllowed,
  context,
}: Pick<DecisionAnswer, 'context'> & { readonly decision: unknown }): boolean {
  return isAllowed === false && context?.['error'] === undefined
}

async function questionsOf<Request>(
  options: DecisionOptions<Request>,
  principal: Principal,
  req: Request,
): Promise<readonly DecisionQuestion[]> {
  const { subject, action, resource, context } = options
  const shared = {
    subject: subject === undefined ? subjectOf(principal) : await valueOf(subject, req, principal),
    action: await valueOf(action, req, principal),
    context: context === undefined ? undefined : await valueOf(context, req, principal),
  }
  const resources = [await valueOf(resource, req, principal)].flat()
  return resources.map((each) => ({ ...shared, resource: each }))
}

// A machine may have the name that is a person's `sub` (RFC 9068 section 5).
function subjectOf({ subject: id, isMachine }: Principal): DecisionSubject {
  return { type: isMachine === true ? 'client' : 'user', id }
}

async function valueOf<Part extends string | object, Request>(
  part: QuestionPart<Part, Request>,
  req: Request,
  principal: Principal,
): Promise<Part> {
  return isMade(part) ? part(req, principal) : part
}

type Make<Part, Request> = (req: Request, principal: Principal) => Part | Promise<Part>

function isMade<Part extends string | object, Request>(part: QuestionPart<Part, Request>): part is Make<Part, Request> {
  return typeof part === 'function'
}

type Answers = Promise<readonly DecisionAnswer[]>
type Asked = Map<string, Answers>

/** What was asked for each request, by whom it was asked. */
const askedOf = new WeakMap<object, WeakMap<object, Asked>>()

/** Asks, unless a guard of the same request has asked the same. */
function askOnce(pdp: DecisionOptions['pdp'], questions: readonly DecisionQuestion[], req: unknown): Answers {
  const ask = async (): Answers => {
    const [first, ...others] = questions
    if (first === undefined) return []
    return others.length === 0 ? [await pdp.evaluate(first)] : pdp.evaluateAll(questions)
  }
  if (typeof req !== 'object' || req === null) return ask()
  const asked = mapOf(pdp, req)
  const key = keyOf(questions)
  const known = key === undefined ? undefined : asked.get(key)
  if (known !== undefined) return known
  const answers = ask()
  if (key !== undefined) asked.set(key, answers)
  return answers
}

function mapOf(pdp: object, req: object): Asked {
  const requests = askedOf.get(pdp) ?? new WeakMap<object, Asked>()
  askedOf.set(pdp, requests)
  const asked = requests.get(req) ?? new Map<string, Answers>()
  requests.set(req, asked)
  return asked
}

// Questions that JSON cannot represent are not valid: asking them says so.
function keyOf(questions: readonly DecisionQuestion[]): string | undefined {
  try {
    return JSON.stringify(questions)
  } catch {
    return undefined
  }
}
