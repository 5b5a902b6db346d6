import { describe, expect, test } from '@jest/globals'
import { textOf } from '../setup/tree.js'

/** The codes of each error class, by its name, as `lib/error-codes.ts` declares them. */
function declaredCodes(): Record<string, string[]> {
  const types = textOf('lib/error-codes.ts').matchAll(/^export type (\w+)Code =\n((?: {2}.*\n)+)/gm)
  const byClass = [...types].map(([, name = '', members = '']): [string, string[]] => [
    name,
    [...members.matchAll(/^ {2}\| '(\w+)'$/gm)].map(([, code = '']) => code),
  ])
  return Object.fromEntries(byClass.filter(([name]) => name !== 'OidcError'))
}

/** The codes in the tables of the page, by the heading that names the class. */
function describedCodes(): Record<string, string[]> {
  const [, section = ''] = /^## Every error code\n(.*?)(?=^## )/ms.exec(textOf('docs/troubleshooting.md')) ?? []
  const parts = [...section.matchAll(/^### `(\w+)`.*\n((?:(?!### ).*\n)+)/gm)]
  return Object.fromEntries(
    parts.map(([, name = '', table = '']) => [
      name,
      [...table.matchAll(/^\| `(\w+)`[^|]*\|(?! *\|)[^|]+\|(?! *\|)[^|]+\|$/gm)].map(([, code = '']) => code),
    ]),
  )
}

describe('the list of error codes in docs/troubleshooting.md', () => {
  test('has each code of each class, in order, with its cause and what to do', () => {
    expect(describedCodes()).toEqual(declaredCodes())
    expect(declaredCodes()['AccessError']).toContain('login_needed')
  })
})
