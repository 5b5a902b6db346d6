import { readFileSync, writeFileSync } from 'node:fs'
import { commonTokens, declareFactoryPlugin, PluginKind, tokens } from '@stryker-mutator/api/plugin'
import { strykerPlugins as jestPlugins, strykerValidationSchema } from '@stryker-mutator/jest-runner'

// In the folder that Stryker copies the project to, which all of its processes share.
const durations = '.durations-by-file.json'

/**
 * Stryker's runner for Jest, which loads every test file for every change, even where one test of one file would notice it. This one
 * runs the files that reach the change, its own tests first and then the quickest, and stops at the first that fails.
 */
class JestByFile {
  #runner
  #wanted
  #files
  #milliseconds = new Map()

  constructor(runner) {
    this.#runner = runner
    const adapter = runner.jestTestAdapter
    const run = adapter.run.bind(adapter)
    adapter.run = (settings) =>
      this.#wanted === undefined ? this.#runAll(run, settings) : this.#runOneByOne(run, settings)
  }

  capabilities() {
    return this.#runner.capabilities()
  }

  init() {
    return this.#runner.init()
  }

  async dryRun(options) {
    const result = await this.#runner.dryRun(options)
    const files = {}
    for (const { id, fileName } of result.tests ?? []) {
      const file = (files[fileName] ??= { milliseconds: this.#milliseconds.get(fileName), tests: [] })
      file.tests.push(id)
    }
    writeFileSync(durations, JSON.stringify(files))
    return result
  }

  async mutantRun(options) {
    this.#files ??= Object.entries(JSON.parse(readFileSync(durations, 'utf8'))).sort(
      ([, a], [, b]) => a.milliseconds - b.milliseconds,
    )
    const wanted = options.testFilter && new Set(options.testFilter)
    const reaches = ([, { tests }]) => wanted === undefined || tests.some((id) => wanted.has(id))
    const own = testsOf(options.activeMutant.fileName)
    const names = this.#files.filter(reaches).map(([name]) => name)
    this.#wanted = [...names.filter((name) => name.includes(own)), ...names.filter((name) => !name.includes(own))]
    try {
      return await this.#runner.mutantRun(options)
    } finally {
      this.#wanted = undefined
    }
  }

  // What a file takes is for the most part what its imports take.
  async #runAll(run, settings) {
    const answer = await run(settings)
    for (const { testFilePath, perfStats } of answer.results.testResults)
      this.#milliseconds.set(testFilePath, perfStats.runtime)
    return answer
  }

  async #runOneByOne(run, settings) {
    const all = []
    for (const file of this.#wanted) {
      const answer = await run({ ...settings, testFiles: [file] })
      const { numFailedTests, numRuntimeErrorTestSuites, testResults } = answer.results
      if (numFailedTests > 0 || numRuntimeErrorTestSuites > 0) return answer
      all.push(...testResults)
    }
    return { results: { numRuntimeErrorTestSuites: 0, testResults: all } }
  }
}

// lib/http/page.ts has its tests in test/http/page.test.ts, and perhaps in others whose names begin as that one's.
function testsOf(fileName) {
  return fileName.replace(/^.*\blib\//, '/test/').replace(/ts$/, '')
}

function createRunner(injector) {
  return new JestByFile(jestPlugins[0].factory(injector))
}
createRunner.inject = tokens(commonTokens.injector)

export { strykerValidationSchema }
export const strykerPlugins = [declareFactoryPlugin(PluginKind.TestRunner, 'jest-by-file', createRunner)]
