import { afterEach, describe, expect, jest, test } from '@jest/globals'
import * as crypto from 'node:crypto'
import { audit } from '../../lib/base/audit/audit.js'
import type { AuditEvent } from '../../lib/telemetry/index.js'
import * as telemetry from '../../lib/telemetry/index.js'
import { fullEvents } from '../kit/watching/audit-events.js'
import { textOf } from '../setup/tree.js'
import { runSnippet } from '../snippets/run.js'

const page = textOf('docs/audit.md')
const ends: (() => void)[] = []
const onAudit = (listener: (event: AuditEvent) => unknown) => void ends.push(telemetry.onAudit(listener))
const modules: Readonly<Record<string, unknown>> = {
  'express-oidc/telemetry': { ...telemetry, onAudit },
  'node:crypto': crypto,
}
const turn = () => new Promise(setImmediate)

afterEach(() => {
  for (const end of ends.splice(0)) end()
})

/** Runs a snippet of the page by the name of its file. */
const run = (name: string, globals: Readonly<Record<string, unknown>>) =>
  runSnippet('docs/audit.md', `// ${name}\n`, { modules, globals })

/** The members of a union of texts in the types of events. */
function wordsOf(type: string): readonly string[] {
  const [, body = ''] =
    new RegExp(`export type ${type} =\\n([\\s\\S]*?)\\n\\n`).exec(textOf('lib/base/audit/event.ts')) ?? []
  return [...body.matchAll(/^ {2}\| '(\w+)'$/gm)].map(([, word = '']) => word)
}

describe('the page about the audit trail', () => {
  test('has a row for each event, with its outcome', () => {
    const rows = [...page.matchAll(/^\| `(\w+)` +\| `(success|failure|unknown)`/gm)].map(([, name, outcome]) => [
      name,
      outcome,
    ])
    expect(Object.fromEntries(rows)).toEqual(
      Object.fromEntries(Object.values(fullEvents).map(({ name, outcome }) => [name, outcome])),
    )
  })

  test.each(['AuditedLogout', 'AuditedSessionEnd'])('has a row for each word of %s', (type) => {
    const words = wordsOf(type)
    expect(words.length).toBeGreaterThan(4)
    for (const word of words) expect(page).toMatch(new RegExp(`^\\| \`${word}\` `, 'm'))
  })

  test('calls the stream personal data', () => {
    expect(page).toContain('**The audit stream holds personal data:**')
  })
})

describe('the recipes of the audit trail', () => {
  test('write one line of JSON for each event', async () => {
    const log = jest.fn<(line: string) => void>()
    await run('audit-log.ts', { console: { log } })
    audit(() => ({ name: 'logout', via: 'local', subject: 'ann' }))
    await turn()
    expect(log.mock.calls.map(([line]) => JSON.parse(line) as object)).toMatchObject([
      { event: { action: 'logout' }, user: { id: 'ann' } },
    ])
  })

  test('send batches to a SIEM, and keep what it did not take', async () => {
    const sent: string[] = []
    let status = 503
    let send: () => void = () => undefined
    const error = jest.fn()
    await run('siem.ts', {
      console: { error },
      fetch: async (_url: string, { body }: { body: string }) => {
        sent.push(body)
        return new Response('', { status })
      },
      setInterval: (work: () => void) => {
        send = work
        return { unref: () => undefined }
      },
    })
    send()
    for (const via of ['local', 'backchannel'] as const) audit(() => ({ name: 'logout', via }))
    await turn()
    send()
    await turn()
    status = 200
    send()
    await turn()
    send()
    expect(sent).toHaveLength(2)
    expect(sent[1]).toBe(sent[0])
    expect(sent[0]?.split('\n').map((line) => JSON.parse(line) as object)).toMatchObject([
      { class_uid: 3002, unmapped: { via: 'local' } },
      { class_uid: 3002, unmapped: { via: 'backchannel' } },
    ])
    expect(error).toHaveBeenCalledTimes(1)
  })

  test('write a keyed hash in place of the person', async () => {
    const log = jest.fn<(line: string) => void>()
    await run('pseudonyms.ts', { console: { log }, process: { env: { AUDIT_KEY: 'k' } } })
    audit(() => ({ name: 'logout', via: 'local', subject: 'ann', req: { ip: '192.0.2.1' } }))
    await turn()
    const [line = ''] = log.mock.calls[0] ?? []
    expect(JSON.parse(line)).toMatchObject({
      subject: crypto.createHmac('sha256', 'k').update('ann').digest('base64url'),
    })
    for (const personal of ['ann', '192.0.2.1']) expect(line).not.toContain(`"${personal}"`)
  })
})
