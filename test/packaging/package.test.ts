import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { join } from 'node:path'
import { root, textOf } from '../setup/tree.js'
import type { Consumer } from './consumer.js'
import { installPacked, isBuilt } from './consumer.js'
import { publicNames } from './exports.js'

/** Express and what it brings are the application's own. */
const mostPackages = 16

const tsc = join(root, 'node_modules', 'typescript', 'bin', 'tsc')

describe('the packed package, installed in another project', () => {
  let consumer: Consumer

  beforeAll(() => {
    if (!isBuilt()) throw new Error('dist is missing: run `npm run build` first (npm test does).')
    consumer = installPacked()
  }, 180_000)

  afterAll(() => consumer.remove())

  test('holds the built files, their words and nothing else', () => {
    const others = consumer.packed.filter((path) => !/^dist\/.*\.(?:js|d\.ts)$/.test(path))
    expect(others.filter((path) => path !== 'README.md')).toEqual([
      'CHANGELOG.md',
      'LICENSE',
      'SECURITY.md',
      'package.json',
    ])
    expect(consumer.packed).toEqual(expect.arrayContaining(['dist/index.d.ts', 'dist/index.js']))
  })

  test(`brings at most ${mostPackages} packages, and no web framework`, () => {
    expect(consumer.installed.length).toBeLessThanOrEqual(mostPackages)
    expect(consumer.installed).toContain('express-oidc')
    expect(consumer.installed.filter((name) => /^(?:express|connect|koa)$/.test(name))).toEqual([])
  })

  test('exports its public names to import', () => {
    const program = "import * as all from 'express-oidc'; console.log(JSON.stringify(Object.keys(all).sort()))"
    expect(JSON.parse(consumer.run('node', consumer.write('names.mjs', program)))).toEqual(publicNames)
  })

  test('exports the same names to require, and the very same things', () => {
    const program = `
      const required = require('express-oidc')
      import('express-oidc').then((imported) => {
        const names = Object.keys(required).filter((name) => name !== '__esModule' && name !== 'default').sort()
        console.log(JSON.stringify({ names, same: names.every((name) => required[name] === imported[name]) }))
      })`
    const printed = consumer.run('node', consumer.write('names.cjs', program))
    expect(JSON.parse(printed)).toEqual({ names: publicNames, same: true })
  })

  test('says nothing on the console when it is loaded, from either side', () => {
    expect(consumer.run('node', consumer.write('quiet.mjs', "import 'express-oidc'"))).toBe('')
    expect(consumer.run('node', consumer.write('quiet.cjs', "require('express-oidc')"))).toBe('')
  })

  test('offers no way to its inner files', () => {
    const program = "import('express-oidc/dist/errors.js').catch((error) => console.log(error.code))"
    expect(consumer.run('node', consumer.write('inner.mjs', program)).trim()).toBe('ERR_PACKAGE_PATH_NOT_EXPORTED')
  })

  describe('by a TypeScript program', () => {
    beforeAll(() => consumer.add('express', '@types/express', '@types/node'), 180_000)

    test('compiles as ES module and as CommonJS, with the additions to Express, and refuses wrong calls', () => {
      const names = ['esm.mts', 'commonjs.cts']
      const compilerOptions = {
        target: 'es2023',
        module: 'nodenext',
        strict: true,
        exactOptionalPropertyTypes: true,
        skipLibCheck: false,
        noEmit: true,
        types: ['node'],
      }
      for (const name of names) consumer.write(name, textOf('test/packaging/consumer/typed.ts'))
      const project = consumer.write('tsconfig.express.json', JSON.stringify({ compilerOptions, files: names }))
      expect(consumer.run('node', tsc, '-p', project)).toBe('')
    })

    test('compiles without the types of Express', () => {
      const program = "import { oidc } from 'express-oidc'\nexport const make: typeof oidc = oidc\n"
      const args = ['--noEmit', '--strict', '--module', 'nodenext', '--target', 'es2023', '--types', 'node']
      expect(consumer.run('node', tsc, ...args, consumer.write('plain.mts', program))).toBe('')
    })
  })
})
