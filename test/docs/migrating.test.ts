import { describe, expect, test } from '@jest/globals'
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { declaredIn, judge } from '../../scripts/migrations/judge.js'
import { files, root, textOf } from '../setup/tree.js'

const apps = files('scripts/migrations')
const names = apps.filter((path) => path.endsWith('/steps.js')).map((path) => path.split('/')[2] ?? '')

describe('the guides for moving here', () => {
  test.each(names)('that of %s shows the applications before and after as they are run', (name) => {
    const shown = [...textOf(`docs/migrating/${name}.md`).matchAll(/^<!-- (\S+) -->\n\n```\w+\n([\s\S]*?)^```$/gm)]
    const own = new RegExp(`^scripts/migrations/${name}/(?:before|after)\\.c?js$`)
    expect(shown.map(([, path = '']) => path).sort()).toEqual(apps.filter((path) => own.test(path)))
    expect(shown.map(([, , code]) => code)).toEqual(shown.map(([, path = '']) => textOf(path)))
  })

  test.each(names)('that of %s gives a reason for each difference, each of them a step that is taken', async (name) => {
    const { steps } = (await import(`../../scripts/migrations/${name}/steps.js`)) as {
      readonly steps: readonly (readonly [name: string, act: unknown])[]
    }
    const declared = declaredIn(textOf(`docs/migrating/${name}.md`))
    const taken = steps.map(([step]) => step)
    expect(new Set(taken).size).toBe(taken.length)
    expect(declared.length).toBeGreaterThan(0)
    expect(declared.filter(({ step }) => !taken.includes(step))).toEqual([])
    expect(declared.filter(({ why, before, after }) => why === '' || before === after)).toEqual([])
  })

  test('are all in the overview', () => {
    const overview = textOf('docs/migrating/index.md')
    expect(names.filter((name) => !overview.includes(`(${name}.md)`))).toEqual([])
  })
})

describe('the comparison of two applications', () => {
  const table = '| step | before | after | why |\n| --- | --- | --- | --- |\n| `a \\| b` | 200 | 401 | Because |\n'
  const guide = `# Title\n\n## What behaves differently\n\nWords.\n\n${table}\n## Other\n\n| no | row | of | it |\n`

  test('reads the differences from the table of the guide, and no other table', () => {
    expect(declaredIn(guide)).toEqual([{ step: 'a \\| b', before: '200', after: '401', why: 'Because' }])
    expect(declaredIn('# Title\n')).toEqual([])
  })

  test('is right where both sides do the same, or what the guide says', () => {
    const declared = [{ step: 'b', before: '200', after: '401', why: 'Because' }]
    const results = [
      { step: 'a', before: '200', after: '200' },
      { step: 'b', before: '200', after: '401' },
    ]
    const { lines, isRight } = judge(results, declared)
    expect(isRight).toBe(true)
    expect(lines).toEqual([
      'same     a: 200',
      'differs  b',
      '         before: 200',
      '         after:  401',
      '         why:    Because',
    ])
  })

  test.each([
    ['a difference that the guide does not name', { step: 'x', before: '200', after: '401' }, []],
    [
      'a step that goes other than the guide says',
      { step: 'x', before: '200', after: '403' },
      [{ step: 'x', before: '200', after: '401', why: 'Because' }],
    ],
    [
      'a difference that is gone',
      { step: 'x', before: '200', after: '200' },
      [{ step: 'x', before: '200', after: '401', why: 'Because' }],
    ],
    ['a step that broke', { step: 'x', before: 'broken: no page', after: 'broken: no page' }, []],
    [
      'a row for a step that nobody takes',
      { step: 'x', before: '200', after: '200' },
      [{ step: 'y', before: '200', after: '401', why: 'Because' }],
    ],
  ])('is wrong for %s', (_what, result, declared) => {
    expect(judge([result], declared).isRight).toBe(false)
  })
})

describe('npm run migrations', () => {
  const program = join(root, 'scripts', 'migrations', 'migrations.js')
  const run = (...args: string[]) =>
    spawnSync(process.execPath, [program, ...args], { encoding: 'utf8', env: { ...process.env, NODE_OPTIONS: '' } })

  test('says with --help what it does, and the name of each guide', () => {
    const { status, stdout } = run('--help')
    expect(status).toBe(0)
    expect(names.filter((name) => !stdout.includes(name))).toEqual([])
  })

  test.each([['no-such-package'], ['--no-such-option']])('refuses %s, and says what there is', (argument) => {
    const { status, stderr } = run(argument)
    expect(status).toBe(2)
    expect(stderr).toContain(argument)
    expect(stderr).toContain('express-oauth2-jwt-bearer')
  })
})

describe('the packages that the guides lead away from', () => {
  const own = 'scripts/migrations/package.json'
  const { dependencies } = JSON.parse(textOf(own)) as { readonly dependencies: Readonly<Record<string, string>> }

  test('are apart from those of this package, each in one exact version', () => {
    const { devDependencies } = JSON.parse(textOf('package.json')) as { readonly devDependencies: object }
    const left = names.filter((name) => name in dependencies)
    expect(left.filter((name) => name in devDependencies)).toEqual([])
    expect(Object.values(dependencies).filter((version) => !/^\d+\.\d+\.\d+$/.test(version))).toEqual([])
  })

  test('have a lock file that names no registry', () => {
    const lock = textOf('scripts/migrations/package-lock.json')
    const places = lock.match(/"resolved":.*|https?:\/\/[^/"\s]*(?:registry|npmjs)/gi) ?? []
    expect(places).toEqual([])
  })
})
