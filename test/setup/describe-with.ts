import { describe, test } from '@jest/globals'
import { type Machine, type Tool, missingLine, needs, thisMachine } from './tools.js'

/** The part of the test runner that {@link describeWith} needs. */
export interface Runner {
  describe(title: string, body: () => void): void
  test(title: string, body: () => void): void
  skip(title: string): void
}

const jestRunner: Runner = {
  describe: (title, body) => describe(title, body),
  test: (title, body) => test(title, body),
  skip: (title) => test.skip(title, () => undefined),
}

/**
 * A `describe` whose tests need a program, and get its path. Where it is missing they are skipped with a loud line; in
 * CI (`CI=true`) they fail, since a suite that quietly shrinks proves nothing.
 */
export function describeWith(
  tool: Tool,
  title: string,
  body: (path: string) => void,
  machine: Machine = thisMachine,
  runner: Runner = jestRunner,
): void {
  const path = needs(tool, machine)
  if (path !== undefined) return runner.describe(title, () => body(path))
  const line = missingLine(tool, machine)
  machine.say(`${line} (${title})`)
  runner.describe(title, () => {
    if (!machine.isCi) return runner.skip(line)
    runner.test(line, () => {
      throw new Error(line)
    })
  })
}
