import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describeEntries } from '../../scripts/api/surface.js'

describe('the report of the public API', () => {
  let folder: string
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'api-test-'))
  })
  afterEach(() => rmSync(folder, { recursive: true }))

  const write = (name: string, text: string) => writeFileSync(join(folder, name), text)
  const describing = (...names: string[]) => describeEntries(names.map((name) => [name, join(folder, `${name}.d.ts`)]))

  test('has each export by name, without comments, and what it refers to without an export', () => {
    write('index.d.ts', "export { second as first, Options } from './inner.js';\nexport declare const alone: 1;\n")
    write(
      'inner.d.ts',
      '/** Words. */\nexport interface Options extends Base { readonly a?: Kind; }\ninterface Base { b: Date; }\ntype Kind = 1 | 2;\n' +
        'export declare function second(options: Options): void;\nexport declare const unused: 1;\n',
    )
    expect(describing('index')).toEqual([
      {
        name: 'index',
        text: `export interface Options extends Base {
    readonly a?: Kind;
}

export declare const alone: 1;

// second as first
export declare function second(options: Options): void;

// not exported
interface Base {
    b: Date;
}

// not exported
type Kind = 1 | 2;
`,
      },
    ])
  })

  test('leaves out of one entry what another one exports, and has all overloads', () => {
    write('one.d.ts', 'export interface Shared { a: 1; }\n')
    write(
      'two.d.ts',
      "import type { Shared } from './one.js';\nexport declare function f(a: Shared): void;\nexport declare function f(b: string): void;\n",
    )
    const [, two] = describing('one', 'two')
    expect(two?.text).toBe('export declare function f(a: Shared): void;\nexport declare function f(b: string): void;\n')
  })

  test('has what the package adds to types of others', () => {
    write(
      'index.d.ts',
      'export {};\ndeclare global {\n    namespace Express {\n        interface Request { a: 1; }\n    }\n}\n',
    )
    expect(describing('index')[0]?.text).toContain('interface Request {\n            a: 1;')
  })
})
