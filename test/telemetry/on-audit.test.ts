import { afterEach, describe, expect, jest, test } from '@jest/globals'
import { AsyncLocalStorage } from 'node:async_hooks'
import { audit, isAudited, withAuditedRequest } from '../../lib/base/audit/audit.js'
import { type AuditEvent, onAudit } from '../../lib/telemetry/index.js'

const ends: (() => void)[] = []
const emitWarning = jest.spyOn(process, 'emitWarning').mockImplementation(() => undefined)
const turn = () => new Promise(setImmediate)
const publish = () => audit(() => ({ name: 'device_bound' }))

afterEach(() => {
  for (const end of ends.splice(0)) end()
  emitWarning.mockClear()
})

function listen(listener: (event: AuditEvent) => unknown): void {
  ends.push(onAudit(listener))
}

describe('a listener of audit events', () => {
  test('gets events after the current work, until it is removed', async () => {
    const seen: AuditEvent[] = []
    const end = onAudit((event) => seen.push(event))
    publish()
    expect(seen).toEqual([])
    await turn()
    expect(seen).toMatchObject([{ name: 'device_bound', outcome: 'success' }])
    end()
    publish()
    await turn()
    expect(seen).toHaveLength(1)
    expect(isAudited()).toBe(false)
  })

  test('has the asynchronous context of the request', async () => {
    const context = new AsyncLocalStorage<string>()
    const seen: unknown[] = []
    listen(() => seen.push(context.getStore()))
    context.run('trace of the request', () => withAuditedRequest({}, publish))
    await turn()
    expect(seen).toEqual(['trace of the request'])
  })

  test.each([
    [
      'throws',
      () => {
        throw new TypeError('ann was here')
      },
    ],
    ['rejects', () => Promise.reject(new TypeError('ann was here'))],
  ])('that %s disturbs nobody, and is warned of once, without what it says', async (_how, listener) => {
    const seen: AuditEvent[] = []
    listen(listener)
    listen((event) => seen.push(event))
    publish()
    publish()
    await turn()
    await turn()
    expect(seen).toHaveLength(2)
    expect(emitWarning).toHaveBeenCalledTimes(1)
    expect(emitWarning.mock.calls[0]).toEqual([
      'a listener of onAudit() has failed (TypeError): events may be missing from your log',
      { type: 'ExpressOidcWarning', code: 'EXPRESS_OIDC_AUDIT_LISTENER' },
    ])
  })

  test('that throws what is not an error is warned of as well', async () => {
    listen(() => Promise.reject('ann was here'))
    publish()
    await turn()
    await turn()
    expect(String(emitWarning.mock.calls[0]?.[0])).toContain('what it threw is not an error')
  })

  test('is not waited for', async () => {
    let isDone: (() => void) | undefined
    const seen: AuditEvent[] = []
    listen(() => new Promise<void>((resolve) => void (isDone = resolve)))
    listen((event) => seen.push(event))
    publish()
    publish()
    await turn()
    expect(seen).toHaveLength(2)
    isDone?.()
  })
})
