import { fileURLToPath } from 'node:url'
import own from '../../jest.config.js'

const { transform, moduleNameMapper, extensionsToTreatAsEsm, testEnvironment, testTimeout } = own

/** Ours, without what a run of the whole suite has besides; the tests of one folder. */
export default {
  ...{ transform, moduleNameMapper, extensionsToTreatAsEsm, testEnvironment, testTimeout },
  rootDir: fileURLToPath(new URL('../..', import.meta.url)),
  testMatch: [`<rootDir>/test/${process.env.MUTATED_FOLDER}/**/*.test.ts`],
}
