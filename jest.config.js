/** @type {import('jest').Config} */
export default {
  testEnvironment: '<rootDir>/test/setup/environment.js',
  extensionsToTreatAsEsm: ['.ts'],
  transform: {
    '\\.ts$': ['@swc/jest', { jsc: { parser: { syntax: 'typescript' }, target: 'es2023' }, sourceMaps: 'inline' }],
  },
  // Sources import './x.js', as the built files are called; beside the sources lies x.ts.
  moduleNameMapper: { '^(\\.{1,2}/.*)\\.js$': ['$1.ts', '$1.js'] },
  modulePathIgnorePatterns: ['<rootDir>/dist/', '<rootDir>/bench/', '<rootDir>/.site/', '<rootDir>/.stryker/'],
  testMatch: ['<rootDir>/test/**/*.test.ts'],
  globalSetup: '<rootDir>/test/setup/tools.ts',
  reporters: ['default', '<rootDir>/test/setup/summary-reporter.js', '<rootDir>/test/setup/stuck-file-reporter.js'],
  // Counting doubles the time, so that it is done where nobody waits.
  collectCoverage: Boolean(process.env.CI),
  // What runs in pages is tested in Chromium, where nobody counts.
  collectCoverageFrom: ['lib/**/*.ts', '!lib/browser/**'],
  coverageDirectory: 'coverage',
  coverageReporters: ['text-summary', 'lcov'],
  coverageThreshold: { global: { lines: 95, branches: 95 } },
  // Tests wait for sockets and other processes much of the time: two cores take three at once.
  maxWorkers: 3,
  runner: '<rootDir>/test/setup/fresh-workers-runner.js',
  // Only what never ends fails by its time: nobody knows how busy the machine is.
  testTimeout: 300_000,
}
