import { expect, test } from '@jest/globals'
import { auditedSession } from '../../lib/session/audited-session.js'
import { idToken, record } from './example.js'

test('an audit event names the person and the session, and nothing else of it', () => {
  expect(auditedSession(record({ id: 'one', idToken: idToken({ sub: 'bob', sid: 's' }) }))).toEqual({
    subject: 'bob',
    sessionId: 'one',
  })
})
