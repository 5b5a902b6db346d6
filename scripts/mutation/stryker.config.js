import { fileURLToPath } from 'node:url'

const folder = process.env.MUTATED_FOLDER

/** One folder of lib, with the tests that mirror it: what they alone would notice. */
export default {
  plugins: [fileURLToPath(new URL('./jest-by-file.js', import.meta.url))],
  mutate: [`lib/${folder}/**/*.ts`],
  testRunner: 'jest-by-file',
  testRunnerNodeArgs: [
    '--experimental-vm-modules',
    '--disable-warning=ExperimentalWarning',
    '--max-semi-space-size=32',
  ],
  // Modules of past runs stay in a process's memory, until nothing but garbage is collected.
  maxTestRunnerReuse: 25,
  jest: { configFile: 'scripts/mutation/jest.config.js', enableFindRelatedTests: false },
  coverageAnalysis: 'perTest',
  incremental: true,
  incrementalFile: `.stryker/${folder}.json`,
  tempDirName: '.stryker/tmp',
  ignorePatterns: [
    '/api',
    '/bench',
    '/coverage',
    '/dist',
    '/example-app',
    '/scripts/mutation/node_modules',
    '.stryker',
  ],
  reporters: ['progress-append-only', 'clear-text', 'json'],
  clearTextReporter: { logTests: false, reportTests: false, allowColor: false },
  jsonReporter: { fileName: `.stryker/reports/${folder}.json` },
  // A mutant may wait for what never comes. On a busy machine, others take long too: they must not count as noticed.
  timeoutMS: 60_000,
  concurrency: Number(process.env.MUTATION_CONCURRENCY ?? 1),
  disableTypeChecks: false,
  warnings: { slow: false },
}
