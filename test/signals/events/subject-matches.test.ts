import { describe, expect, test } from '@jest/globals'
import type { SubjectIdentifier, SubjectLookup } from '../../../lib/index.js'
import { matchesOf } from '../../../lib/signals/events/subject-matches.js'
import { failureOf } from '../../kit/failure.js'

const own = 'https://id.example'
const person = { format: 'iss_sub', iss: own, sub: 'alice' }
const foreign = { format: 'iss_sub', iss: 'https://other.example', sub: 'alice' }
const mail = (email: string) => ({ format: 'email', email })
const opaque = (id: string) => ({ format: 'opaque', id })

const known: Readonly<Record<string, Awaited<ReturnType<SubjectLookup>>>> = {
  'alice@example.com': { sub: 'alice' },
  'team@example.com': [{ sub: 'alice' }, { sub: 'bob' }],
  'nobody@example.com': [],
  s1: { sid: 's1' },
  laptop: [{ sid: 's1' }, { sub: 'bob', sid: 's2' }],
  'device-7': { sid: 's1' },
  anywhere: {},
}
const lookup: SubjectLookup = ({ email, id, sub }) => known[String(email ?? id ?? sub)]
const find = (subject: SubjectIdentifier, own_lookup: SubjectLookup | undefined = lookup) =>
  matchesOf(subject, 'type', { transmitter: own, issuers: [own], lookup: own_lookup, httpTimeoutSeconds: 5 })

describe('a subject', () => {
  test.each([
    ['a person of the own issuer', person, [{ sub: 'alice' }]],
    ['a person of another issuer', foreign, 'foreign_subject'],
    ['a mail address that the application knows', mail('alice@example.com'), [{ sub: 'alice' }]],
    ['one that it knows to be nobody', mail('nobody@example.com'), []],
    ['one that it does not know', mail('eve@example.com'), 'unknown_subject'],
    ['everybody, by an answer that does not narrow anything', opaque('anywhere'), 'unknown_subject'],
    ['aliases, of which one is known', { format: 'aliases', identifiers: [mail('x@y'), person] }, [{ sub: 'alice' }]],
    ['aliases, of which none is known', { format: 'aliases', identifiers: [mail('x@y')] }, 'unknown_subject'],
    ['aliases of another issuer', { format: 'aliases', identifiers: [foreign] }, 'foreign_subject'],
  ])('SG06: that is %s', async (_what, subject, expected) => {
    expect(await find(subject)).toEqual(expected)
  })

  test('SG06: that only the application could know is unknown without its function', async () => {
    const rules = { transmitter: own, issuers: [own], httpTimeoutSeconds: 5 }
    expect(await matchesOf(mail('alice@example.com'), 'type', rules)).toBe('unknown_subject')
    expect(await matchesOf(opaque('s1'), 'type', rules)).toBe('unknown_subject')
  })

  test.each([['a text'], [{ email: 'a' }], [{ sub: '' }], [Array.from({ length: 101 }, () => ({ sub: 'a' }))]])(
    'for which the application returns %j is an error of its own',
    async (answer) => {
      const failure = await failureOf(find(opaque('s1'), (() => answer) as unknown as SubjectLookup))
      expect(failure).toMatchObject({ code: 'invalid_options' })
    },
  )
})

describe('a complex subject is what all of its members have in common', () => {
  const complex = (members: Record<string, unknown>) => find({ format: 'complex', ...members })

  test.each([
    ['a session of a person', { user: person, session: opaque('s1') }, [{ sub: 'alice', sid: 's1' }]],
    ['sessions of a device, of one person', { user: person, device: opaque('laptop') }, [{ sub: 'alice', sid: 's1' }]],
    [
      'a device by issuer and subject, which is not a person',
      { user: person, device: { ...person, sub: 'device-7' } },
      [{ sub: 'alice', sid: 's1' }],
    ],
    [
      'a device of another issuer that the application knows',
      { user: person, device: { ...foreign, sub: 'device-7' } },
      [{ sub: 'alice', sid: 's1' }],
    ],
    ['with a device that is not known', { user: person, device: { ...person, sub: 'e9297990' } }, 'unknown_subject'],
    ['a device alone that is not known', { device: { ...person, sub: 'bob' } }, 'unknown_subject'],
    ['one of several people', { user: person, group: mail('team@example.com') }, [{ sub: 'alice' }]],
    ['nobody, where members contradict', { user: person, group: mail('nobody@example.com') }, []],
    ['a person in a tenant that narrows nothing', { user: person, tenant: opaque('anywhere') }, [{ sub: 'alice' }]],
    ['a tenant alone', { tenant: opaque('anywhere') }, 'unknown_subject'],
    ['with a member that is not known', { user: person, device: opaque('phone') }, 'unknown_subject'],
    ['with a member of another issuer', { user: foreign, session: opaque('s1') }, 'foreign_subject'],
    ['with a member that is not an identifier', { user: 'alice' }, 'unknown_subject'],
  ])('SG06: %s', async (_what, members, expected) => {
    expect(await complex(members)).toEqual(expected)
  })

  test('and the application is told which member it is asked about', async () => {
    const asked: unknown[] = []
    const subject = { format: 'complex', user: person, session: opaque('s1') }
    await find(subject, (_subject, context) => {
      asked.push(context)
      return { sid: 's1' }
    })
    expect(asked).toEqual([{ transmitter: own, type: 'type', member: 'session' }])
  })
})
