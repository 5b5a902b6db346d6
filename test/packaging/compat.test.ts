import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { root } from '../setup/tree.js'
import { isBuilt } from './consumer.js'

describe('npm run compat', () => {
  let folder: string
  beforeEach(() => {
    if (!isBuilt()) throw new Error('dist is missing: run `npm run build` first (npm test does).')
    folder = mkdtempSync(join(tmpdir(), 'compat-test-'))
  })
  afterEach(() => rmSync(folder, { recursive: true }))

  function compat(...args: readonly string[]) {
    // npm keeps compiled code in the temporary folder where Node.js can (22.8 and later).
    const env = { ...process.env, TMPDIR: folder, NODE_DISABLE_COMPILE_CACHE: '1' }
    const program = join(root, 'scripts', 'compat', 'compat.js')
    const { status, stdout, stderr } = spawnSync(process.execPath, [program, ...args], { env, encoding: 'utf8' })
    return { status, stdout, stderr, left: readdirSync(folder) }
  }

  test('on this Node signs in, meets guards and logs out with the packed package, and leaves nothing behind', () => {
    const { stdout, ...others } = compat('--installed', 'express', 'node-http')
    expect(stdout).toMatch(
      /^yes {2}express .*6 of 6.*express 5[\s\S]*^yes {2}node-http .*6 of 6[\s\S]*\n2 of 2 rows pass\n$/m,
    )
    expect(others).toEqual({ status: 0, stderr: '', left: [] })
  })

  test('says why a row does not pass, and ends with 1', () => {
    const { status, stdout, left } = compat('--installed', 'koa')
    expect(stdout).toMatch(
      /^NO {3}koa .*0 of 1[\s\S]*it starts: \S+ \d\S+ is not installed here[\s\S]*not passed: koa\n$/,
    )
    expect([status, left]).toEqual([1, []])
  })

  test('lists its rows, and refuses a row or an option that it does not know', () => {
    expect(compat('--help')).toMatchObject({ status: 0, stdout: expect.stringMatching(/^Rows: express, .*, deno\b/m) })
    expect(compat('koaa')).toMatchObject({ status: 2, stderr: expect.stringMatching(/^no row is called koaa\n/) })
    expect(compat('--all')).toMatchObject({ status: 2, stderr: expect.stringContaining("Unknown option '--all'") })
  })
})
