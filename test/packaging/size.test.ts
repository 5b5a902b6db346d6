import { beforeAll, describe, expect, test } from '@jest/globals'
import { spawnSync } from 'node:child_process'
import { gzipSync } from 'node:zlib'
import { root, textOf } from '../setup/tree.js'
import { isBuilt } from './consumer.js'

interface PackedFile {
  readonly path: string
  readonly size: number
}

/** In bytes. A budget that has to grow is a decision: say in the commit what it buys. */
const budgets = {
  packed: 1_100_000,
  unpacked: 4_000_000,
  /** All entries together, without their dependencies. */
  modules: 1_350_000,
  /** All entries together, with the dependencies that are ES modules only. */
  commonjs: 1_600_000,
  /** What a page loads, compressed. */
  browser: 2_500,
}

describe('the package stays within its budget', () => {
  let report: { readonly size: number; readonly unpackedSize: number; readonly files: readonly PackedFile[] }

  beforeAll(() => {
    if (!isBuilt()) throw new Error('dist is missing: run `npm run build` first (npm test does).')
    const args = ['pack', '--dry-run', '--ignore-scripts', '--json', '--loglevel=error']
    const { stdout } = spawnSync('npm', args, { cwd: root, encoding: 'utf8' })
    report = (JSON.parse(stdout) as [typeof report])[0]
  })

  const bytes = (pattern: RegExp) =>
    report.files.filter(({ path }) => pattern.test(path)).reduce((sum, { size }) => sum + size, 0)

  test.each<[string, number, () => number]>([
    ['the tarball', budgets.packed, () => report.size],
    ['the installed files', budgets.unpacked, () => report.unpackedSize],
    ['the ES modules', budgets.modules, () => bytes(/^dist\/(?!cjs\/).*\.js$/)],
    ['the CommonJS files', budgets.commonjs, () => bytes(/^dist\/cjs\/.*\.js$/)],
    ['the client for pages, compressed', budgets.browser, () => gzipSync(textOf('dist/browser/index.js')).length],
  ])('by %s: %i bytes', (_what, budget, size) => {
    expect(size()).toBeGreaterThan(budget / 3)
    expect(size()).toBeLessThanOrEqual(budget)
  })
})
