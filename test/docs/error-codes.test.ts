import { describe, expect, test } from '@jest/globals'
import * as errors from '../../lib/errors.js'
import { textOf } from '../setup/tree.js'

const page = textOf('docs/error-codes.md')

/** The codes of each error class, by its name, as `lib/error-codes.ts` declares them. */
function declaredCodes(): Record<string, string[]> {
  const types = textOf('lib/error-codes.ts').matchAll(/^export type (\w+)Code =\n((?: {2}.*\n)+)/gm)
  const byClass = [...types].map(([, name = '', members = '']): [string, string[]] => [
    name,
    [...members.matchAll(/^ {2}\| '(\w+)'$/gm)].map(([, code = '']) => code),
  ])
  return Object.fromEntries(byClass.filter(([name]) => name !== 'OidcError'))
}

/** The parts of the page about one code each. */
const entries = page.split(/^## /m).flatMap((part) => {
  const [name = ''] = part.split('\n', 1)
  return [...part.matchAll(/^### `(\w+)`\n([\s\S]*?)(?=^### |(?![\s\S]))/gm)].map(([, code = '', text = '']) => ({
    name,
    code,
    text,
  }))
})

describe('docs/error-codes.md', () => {
  test('has each code of each class once, in order, and no other', () => {
    const described: Record<string, string[]> = {}
    for (const { name, code } of entries) (described[name] ??= []).push(code)
    expect(described).toEqual(declaredCodes())
    expect(declaredCodes()['AccessError']).toContain('login_needed')
  })

  test('says of each what happened, its status, whose fault it is and what to do', () => {
    const whole = /^\n\S.*\n\n- Status: \d{3}.*\n- Whose fault: \S.*\n- What to do: \S.*\n*$/
    expect(entries.filter(({ text }) => !whole.test(text)).map(({ code }) => code)).toEqual([])
  })

  test('names the status that the class gives to the code', () => {
    // Where errors are made, these get another status than their class gives.
    const elsewhere = ['ProviderError', 'not_forwarded', 'host_not_allowed', 'decision_unavailable']
    const routes = ['method_not_allowed', 'body_too_large', 'unsupported_media_type']
    const usual = entries.filter(
      ({ name, code }) => ![...elsewhere, ...routes].some((own) => own === name || own === code),
    )
    const wrong = usual.filter(({ name, code, text }) => {
      const Class: unknown = Reflect.get(errors, name)
      const { status } = Reflect.construct(Class as new () => errors.OidcError, [code, '']) as errors.OidcError
      return !/^- Status: (.*)$/m.exec(text)?.[1]?.includes(String(status))
    })
    expect(usual.length).toBeGreaterThan(60)
    expect(wrong.map(({ code }) => code)).toEqual([])
  })
})
