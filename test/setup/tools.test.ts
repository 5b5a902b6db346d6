import { describe, expect, test } from '@jest/globals'
import { type Runner, describeWith } from './describe-with.js'
import { summaryLine } from './summary-reporter.js'
import { type Machine, type Tool, missingLine, needs, provide } from './tools.js'

const two: readonly Tool[] = ['redis-server', 'chromium']

/** A machine that exists only here: `installed` grows by what apt-get installs. */
function machine(installed: string[], traits: Partial<Machine> = {}) {
  const ran: string[] = []
  const said: string[] = []
  const imagined: Machine = {
    find: (command) => (installed.includes(command) ? `/usr/bin/${command}` : undefined),
    isRoot: false,
    isDebian: false,
    isCi: false,
    run(command, args) {
      ran.push([command, ...args].join(' '))
      if (args[0] === 'install') installed.push(...args.filter((word) => !word.startsWith('-')).slice(1))
      return true
    },
    say: (line) => said.push(line),
    ...traits,
  }
  return { imagined, ran, said }
}

function recordingRunner() {
  const events: string[] = []
  const runner: Runner = {
    describe(title, body) {
      events.push(`describe ${title}`)
      body()
    },
    test(title, body) {
      events.push(`test ${title}`)
      body()
    },
    skip: (title) => events.push(`skip ${title}`),
  }
  return { runner, events }
}

describe('the programs that tests need', () => {
  test('are found under any name that a distribution gives them', () => {
    expect(needs('chromium', machine(['google-chrome']).imagined)).toBe('/usr/bin/google-chrome')
    expect(needs('chromium', machine([]).imagined)).toBeUndefined()
  })

  test('cause no work and no output where they are installed', () => {
    const { imagined, ran, said } = machine(['redis-server', 'chromium'], { isRoot: true, isDebian: true })
    provide(two, imagined)
    expect([ran, said]).toEqual([[], []])
  })

  test('are installed by root on Debian, after an update, and only those that are missing', () => {
    const { imagined, ran, said } = machine(['redis-server'], { isRoot: true, isDebian: true })
    provide(two, imagined)
    expect(ran).toEqual(['apt-get update -qq', 'apt-get install -y -qq --no-install-recommends chromium'])
    expect(said).toEqual(['Installing chromium with apt-get'])
  })

  test('are named in a loud line when the installation fails', () => {
    const { imagined, said } = machine([], { isRoot: true, isDebian: true, run: () => false })
    provide(['chromium'], imagined)
    expect(said).toEqual(['Installing chromium with apt-get', missingLine('chromium', imagined)])
  })

  test.each([
    ['not root', { isRoot: false, isDebian: true }],
    ['not Debian', { isRoot: true, isDebian: false }],
  ])('are never installed by us when we are %s: one loud line each', (_case, traits) => {
    const { imagined, ran, said } = machine([], traits)
    provide(two, imagined)
    expect(ran).toEqual([])
    expect(said).toEqual([
      '!!! redis-server is not installed (Debian package: redis-server): tests that need it are SKIPPED !!!',
      '!!! chromium is not installed (Debian package: chromium): tests that need it are SKIPPED !!!',
    ])
  })
})

describe('describeWith', () => {
  test('hands the path of the program to the tests', () => {
    const { runner, events } = recordingRunner()
    const paths: string[] = []
    describeWith('chromium', 'a page', (path) => paths.push(path), machine(['chromium']).imagined, runner)
    expect([events, paths]).toEqual([['describe a page'], ['/usr/bin/chromium']])
  })

  test('skips the tests with the loud line where the program is missing', () => {
    const { runner, events } = recordingRunner()
    const { imagined, said } = machine([])
    describeWith('chromium', 'a page', () => events.push('ran'), imagined, runner)
    expect(events).toEqual(['describe a page', `skip ${missingLine('chromium', imagined)}`])
    expect(said).toEqual([`${missingLine('chromium', imagined)} (a page)`])
  })

  test('fails in CI where the program is missing', () => {
    const { runner } = recordingRunner()
    const { imagined } = machine([], { isCi: true })
    const run = () => describeWith('redis-server', 'a store', () => undefined, imagined, runner)
    expect(run).toThrow('!!! redis-server is not installed (Debian package: redis-server): tests that need it FAIL !!!')
  })
})

describe('the summary line', () => {
  const counts = { numPassedTests: 7, numFailedTests: 0, numPendingTests: 0, numTodoTests: 0 }

  test('counts passed and failed tests', () => {
    expect(summaryLine({ ...counts, numRuntimeErrorTestSuites: 0 })).toBe('7 passed, 0 failed')
  })

  test('counts a file that could not be run as a failure', () => {
    expect(summaryLine({ ...counts, numFailedTests: 1, numRuntimeErrorTestSuites: 2 })).toBe('7 passed, 3 failed')
  })

  test('names what was skipped', () => {
    const skipped = { ...counts, numPendingTests: 1, numTodoTests: 1, numRuntimeErrorTestSuites: 0 }
    expect(summaryLine(skipped)).toBe('7 passed, 0 failed, 2 skipped')
  })
})
