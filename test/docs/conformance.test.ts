import { describe, expect, test } from '@jest/globals'
import { logoutModules } from '../hostile/logout-modules.js'
import { modules } from '../hostile/modules.js'
import { textOf } from '../setup/tree.js'

const page = textOf('docs/conformance.md')

/** What the page says of each module of a plan. */
function listed(): Record<string, Record<string, string>> {
  const [, ...sections] = page.split(/^### /m)
  return Object.fromEntries(
    sections.map((section) => {
      const rows = [...section.matchAll(/^\| (\S+-test\S*) +\| (.*?) +\|$/gm)].map(([, id = '', what = '']) => [
        id,
        what,
      ])
      return [section.split('\n', 1)[0] ?? '', Object.fromEntries(rows) as Record<string, string>]
    }),
  )
}

describe('the page of conformance', () => {
  test('lists each module that is a test, under its plan, with what the relying party does', () => {
    const expected: Record<string, Record<string, string>> = { 'fapi2-message-signing-final-client-test-plan': {} }
    for (const { plan, id, expect: what, errorCode } of modules) {
      const stops = `stops: \`${errorCode}\``
      const texts = { login: 'goes on', stop: stops, either: `goes on, or ${stops}` }
      ;(expected[plan] ??= {})[id] = texts[what]
    }
    for (const { plan, id, status } of logoutModules) (expected[plan] ??= {})[id] = `answers ${status}`
    expect(listed()).toEqual(expected)
  })
})
