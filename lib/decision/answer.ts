import { freezeJson, isJsonObject, parseStrictJson } from '../base/json.js'
import { isOidcError, quoted } from '../base/error-cause.js'
import { retryAfterSeconds } from '../base/outage.js'
import { AccessError } from '../errors.js'
import type { DecisionAnswer } from '../options/decision/question.js'

/** The error for a decision that is unavailable: 503, and never "allowed". */
export function decisionUnavailable(why: string, seen: string, cause?: unknown): AccessError {
  const details = { subject: 'decision', seen, expected: 'a decision of the policy decision point' }
  // Where the policy decision point, or the pause after failures, says how long.
  const { 'Retry-After': seconds = String(retryAfterSeconds) } = isOidcError(cause) ? cause.headers : {}
  const headers = { 'Retry-After': seconds }
  return new AccessError('decision_unavailable', `the policy decision point ${why}`, {
    requirement: 'decision',
    headers,
    details,
    cause,
  })
}

/**
 * Reads the response to one question (Authorization API 1.0, section 6.2). `decision` must be `true` or `false`: anything else is not
 * a decision, however it looks.
 *
 * @throws {AccessError} `decision_unavailable`
 */
export function readAnswer(text: string): DecisionAnswer {
  return answerIn(parseStrictJson(Buffer.from(text)))
}

/**
 * Reads the response to several questions (section 7.2): as many answers, in the same order.
 *
 * @throws {AccessError} `decision_unavailable`
 */
export function readAnswers(text: string, count: number): readonly DecisionAnswer[] {
  const answers: unknown = parseStrictJson(Buffer.from(text))?.['evaluations']
  if (!Array.isArray(answers) || answers.length !== count)
    throw unreadable(`something other than a list of ${count} answers`)
  return answers.map(answerIn)
}

function answerIn(answer: unknown): DecisionAnswer {
  if (!isJsonObject(answer)) throw unreadable('something other than a JSON object, or a duplicate member')
  const { decision, context } = answer
  if (typeof decision !== 'boolean') throw unreadable(`a decision ${quoted(decision)}`)
  return Object.freeze({ decision, ...(isJsonObject(context) ? { context: freezeJson(context) } : {}) })
}

function unreadable(seen: string): AccessError {
  return decisionUnavailable('sent an answer that cannot be read', seen)
}
