import { describe, expect, test } from '@jest/globals'
import { TokenValidationError } from '../../../lib/errors.js'
import type { Speaker } from '../../../lib/resource-server/validation/machine-claims.js'
import { findSubject } from '../../../lib/resource-server/validation/subject.js'
import { failureOf } from '../../kit/failure.js'

interface Case {
  readonly claims?: Record<string, unknown>
  readonly speaker?: Speaker
  readonly client?: string | undefined
  readonly scopes?: readonly string[]
  /** The option `subject`. */
  readonly option?: { readonly claim?: string; readonly client?: boolean; readonly clientClaims?: readonly string[] }
}

function subjectOf({ claims = {}, speaker = 'unknown', scopes = [], option = {}, ...actor }: Case) {
  const client = 'client' in actor ? actor.client : 'web'
  const rules = { claim: 'sub', client: false, clientClaims: [], maxLength: 255, ...option }
  return findSubject(claims, { client, scopes, speaker }, rules)
}

const clients = { client: true }
const byEmail = { claim: 'email' }
const both = 'its claims indicate both a machine and a person'
const notOwn = (claim: string, why: string) =>
  `the token's ${claim} is missing, and the token is not its client's own (${why})`

describe('the subject of a token', () => {
  test.each<[string, Case, string, boolean | undefined]>([
    ['sub', { claims: { sub: 'ann' } }, 'ann', undefined],
    ['sub of a person', { claims: { sub: 'ann' }, speaker: 'person' }, 'ann', false],
    ['sub of a machine', { claims: { sub: 'web' }, speaker: 'machine' }, 'web', true],
    ['sub of what is both', { claims: { sub: 'ann' }, speaker: 'both' }, 'ann', undefined],
    ['another claim', { claims: { sub: 'x', email: 'ann' }, option: byEmail }, 'ann', undefined],
    ['another claim of a person', { claims: { email: 'ann' }, speaker: 'person', option: byEmail }, 'ann', false],
    ['one character', { claims: { sub: 'a' } }, 'a', undefined],
    ['255 characters', { claims: { sub: 'a'.repeat(255) } }, 'a'.repeat(255), undefined],
    ['what looks like a client, where those are no subjects', { claims: { sub: 'client:x' } }, 'client:x', undefined],
    ['what names a client elsewhere', { claims: { sub: 'x:client:x' }, option: clients }, 'x:client:x', undefined],
    ['a client, in other letters', { claims: { sub: 'Client:x' }, option: clients }, 'Client:x', undefined],
    ['the client', { option: clients }, 'client:web', true],
    ['the client, beside null', { claims: { sub: null }, option: clients }, 'client:web', true],
    ['the client of a machine', { claims: { x: 'y' }, speaker: 'machine', option: clients }, 'client:web', true],
    [
      'the client of a machine whose owner is named',
      { claims: { email: 'ann' }, speaker: 'machine', option: { ...byEmail, client: true } },
      'client:web',
      true,
    ],
    [
      'a claim of a machine that is its sub, too',
      { claims: { sub: 'o1', oid: 'o1' }, speaker: 'machine', option: { claim: 'oid' } },
      'o1',
      true,
    ],
    [
      'the client of such a machine where the option says so',
      { claims: { sub: 'o1', oid: 'o1' }, speaker: 'machine', option: { claim: 'oid', client: true } },
      'client:web',
      true,
    ],
    [
      'the client beside what is allowed',
      { claims: { x: 'y' }, option: { client: true, clientClaims: ['x'] } },
      'client:web',
      true,
    ],
  ])('is %s', (_what, given, subject, isMachine) => {
    expect(subjectOf(given)).toEqual({ subject, isMachine })
  })

  test.each<[string, Case, string, string]>([
    [
      'the name of a client',
      { claims: { sub: 'client:x' }, option: clients },
      'token_claim_invalid',
      'the token\'s sub begins with "client:", as the subjects of clients do here',
    ],
    [
      'a claim of a machine and a person',
      { claims: { email: 'ann' }, speaker: 'both', option: { ...byEmail, client: true } },
      'token_claim_invalid',
      "the token's claims indicate both a machine and a person: its email may be another person's",
    ],
    [
      'nothing',
      {},
      'token_claim_missing',
      'the token\'s sub is missing: the option "subject" can name another claim, or take clients for subjects',
    ],
    [
      'nothing of a machine',
      { speaker: 'machine' },
      'token_claim_missing',
      'the token\'s sub is missing: the option "subject" can name another claim, or take clients for subjects',
    ],
    [
      'nothing of the claim',
      { claims: { sub: 'x' }, option: byEmail },
      'token_claim_missing',
      'the token\'s email is missing: the option "subject" can name another claim, or take clients for subjects',
    ],
    [
      'the owner of a machine',
      { claims: { sub: 'x', email: 'ann' }, speaker: 'machine', option: byEmail },
      'token_claim_invalid',
      'the token is a machine\'s, and its email may be a person\'s: "subject.client" takes the client for the subject',
    ],
    [
      'the sub of a machine, which may be the name of a person',
      { claims: { sub: 'web' }, speaker: 'machine', option: byEmail },
      'token_claim_missing',
      'the token is a machine\'s, and has no email: "subject.client" takes the client for the subject',
    ],
    [
      'the client ID of a machine, which a person may have chosen as name',
      { claims: { sub: 'web', username: 'web', client_id: 'web' }, speaker: 'machine', option: { claim: 'username' } },
      'token_claim_invalid',
      'the token is a machine\'s, and its username may be a person\'s: "subject.client" takes the client for the subject',
    ],
    [
      'a claim that is not usable, though it is the sub of a machine',
      { claims: { sub: '', email: '' }, speaker: 'machine', option: byEmail },
      'token_claim_invalid',
      "the token's email is empty",
    ],
    [
      'the sub of what is both',
      { claims: { sub: 'x', email: 'x' }, speaker: 'both', option: byEmail },
      'token_claim_invalid',
      "the token's claims indicate both a machine and a person: its email may be another person's",
    ],
    ['no client', { client: undefined, option: clients }, 'token_claim_missing', notOwn('sub', 'it names no client')],
    [
      'no client of a machine',
      { client: undefined, speaker: 'machine', option: clients },
      'token_claim_missing',
      notOwn('sub', 'it names no client'),
    ],
    ['a person', { speaker: 'person', option: clients }, 'token_claim_missing', notOwn('sub', "it is a person's")],
    ['a machine and a person', { speaker: 'both', option: clients }, 'token_claim_missing', notOwn('sub', both)],
    [
      'a scope of a person',
      { scopes: ['openid'], option: clients },
      'token_claim_missing',
      notOwn('sub', 'the scope "openid" may be about a person'),
    ],
    [
      'a claim of a person',
      { claims: { user: 'ann' }, option: clients },
      'token_claim_missing',
      `${notOwn('sub', 'the claim "user" may be about a person')}: list it in "subject.clientClaims" if it never is`,
    ],
  ])('is not %s', async (_what, given, code, message) => {
    const error = await failureOf(() => subjectOf(given))
    expect(error).toBeInstanceOf(TokenValidationError)
    expect(error).toMatchObject({ code, message })
    const subject = given.option?.claim ?? 'sub'
    const seen = code === 'token_claim_missing' ? 'missing' : 'another value'
    expect(error.details).toEqual({ subject, seen, option: 'subject' })
  })

  test.each([
    ['', 'is empty', 'another value'],
    ['a'.repeat(256), 'has 256 characters, and at most 255 are taken', '256 characters'],
    [5, 'is not text', 'another value'],
    [true, 'is not text', 'another value'],
    [['ann'], 'is not text', 'another value'],
    [{}, 'is not text', 'another value'],
  ])('is not %j', async (value, why, seen) => {
    for (const claim of ['sub', 'email']) {
      const error = await failureOf(() => subjectOf({ claims: { [claim]: value }, option: { claim } }))
      expect(error).toBeInstanceOf(TokenValidationError)
      expect(error).toMatchObject({ code: 'token_claim_invalid', message: `the token's ${claim} ${why}` })
      expect(error.details).toEqual({ subject: claim, seen, option: 'subject' })
    }
  })
})
