import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { join, posix } from 'node:path'
import { root, textOf } from '../setup/tree.js'
import { type Consumer, installPacked, isBuilt } from './consumer.js'
import { providerNames, publicNames, redisNames, testingNames } from './exports.js'

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

  test('holds the built files, the documents and nothing else', () => {
    const others = consumer.packed.filter((path) => !/^dist\/.*\.(?:js|d\.ts)$/.test(path))
    expect(others.filter((path) => path !== 'README.md')).toEqual([
      'CHANGELOG.md',
      'LICENSE',
      'SECURITY.md',
      'package.json',
    ])
    expect(consumer.packed).toEqual(
      expect.arrayContaining(
        ['', 'redis/', 'providers/', 'testing/'].flatMap((folder) => [
          `dist/${folder}index.d.ts`,
          `dist/${folder}index.js`,
        ]),
      ),
    )
  })

  test(`brings at most ${mostPackages} packages, and no web framework`, () => {
    expect(consumer.installed.length).toBeLessThanOrEqual(mostPackages)
    expect(consumer.installed).toContain('express-oidc')
    expect(consumer.installed.filter((name) => /^(?:express|connect|koa)$/.test(name))).toEqual([])
  })

  describe.each([
    ['express-oidc', publicNames],
    ['express-oidc/redis', redisNames],
    ['express-oidc/providers', providerNames],
    ['express-oidc/testing', testingNames],
  ])('as %s', (entry, names) => {
    test('exports its public names to import', () => {
      const program = `import * as all from '${entry}'; console.log(JSON.stringify(Object.keys(all).sort()))`
      expect(JSON.parse(consumer.run('node', consumer.write('names.mjs', program)))).toEqual(names)
    })

    test('exports the same names to require, with identical values', () => {
      const program = `
        const required = require('${entry}')
        import('${entry}').then((imported) => {
          const names = Object.keys(required).filter((name) => name !== '__esModule' && name !== 'default').sort()
          console.log(JSON.stringify({ names, same: names.every((name) => required[name] === imported[name]) }))
        })`
      const printed = consumer.run('node', consumer.write('names.cjs', program))
      expect(JSON.parse(printed)).toEqual({ names, same: true })
    })

    test('logs nothing when it is loaded, by import or by require', () => {
      expect(consumer.run('node', consumer.write('quiet.mjs', `import '${entry}'`))).toBe('')
      expect(consumer.run('node', consumer.write('quiet.cjs', `require('${entry}')`))).toBe('')
    })
  })

  test('loads no test kit in production, and has none of it in the files of an application', () => {
    const program = "import('express-oidc/testing').then(() => console.log('loaded'), ({ code }) => console.log(code))"
    expect(
      consumer.run('node', consumer.write('production.mjs', `process.env.NODE_ENV = 'production'; ${program}`)),
    ).toBe('invalid_options\n')
    const files = ['', 'redis/', 'providers/'].flatMap((folder) => importedBy(`dist/${folder}index.js`))
    expect(files.filter((path) => textOf(path).includes('testProvider('))).toEqual([])
    expect(importedBy('dist/testing/index.js').some((path) => textOf(path).includes('testProvider('))).toBe(true)
  })

  test('makes sessions and tokens for tests, without any other package', () => {
    const program = `
      import test from 'node:test'
      import assert from 'node:assert'
      import { createServer } from 'node:http'
      import { oidc } from 'express-oidc'
      import { signedIn, testProvider } from 'express-oidc/testing'
      test('a session', async () => {
        const provider = await testProvider()
        const auth = oidc(provider.options.oidc)
        const app = createServer((req, res) => auth(req, res, () => res.end(req.oidc.user?.sub)))
        await new Promise((done) => app.listen(0, '127.0.0.1', done))
        const url = 'http://127.0.0.1:' + app.address().port
        const { cookie } = await provider.signIn(url, 'bob')
        const texts = [cookie, await signedIn(auth, { sub: 'alice' })].map(async (value) =>
          (await fetch(url, { headers: { cookie: value } })).text())
        assert.deepEqual(await Promise.all(texts), ['bob', 'alice'])
        app.close()
        app.closeAllConnections()
      })`
    expect(consumer.run('node', '--test', consumer.write('kit.test.mjs', program))).toMatch(/pass 1/)
  })

  test('has a command that says what it does', () => {
    const bin = join('node_modules', '.bin', 'express-oidc')
    expect(consumer.run('node', bin)).toMatch(/^Usage: npx express-oidc <command>/)
    expect(consumer.run('node', bin, 'dev-provider', '--help')).toContain('--port')
  })

  test('throws the error classes of the main entry from every other entry, without a Redis client installed', () => {
    const program = `
      import { ConfigurationError, SessionError } from 'express-oidc'
      import { redisStore } from 'express-oidc/redis'
      const away = { withCommandOptions: () => ({ get: async () => { throw new Error('LOADING') } }) }
      const outage = await redisStore(away).get(['a']).catch((error) => error)
      let mistake
      try { redisStore({}) } catch (error) { mistake = error }
      console.log(outage instanceof SessionError, mistake instanceof ConfigurationError)`
    expect(consumer.run('node', consumer.write('classes.mjs', program)).trim()).toBe('true true')
    expect(consumer.installed.filter((name) => name.includes('redis'))).toEqual([])
  })

  test('does not export its inner files', () => {
    const program = "import('express-oidc/dist/errors.js').catch((error) => console.log(error.code))"
    expect(consumer.run('node', consumer.write('inner.mjs', program)).trim()).toBe('ERR_PACKAGE_PATH_NOT_EXPORTED')
  })

  describe('by a TypeScript program', () => {
    beforeAll(() => consumer.add('express', '@types/express', '@types/node'), 180_000)

    test('compiles as ES module and as CommonJS, with the additions to Express, and refuses invalid calls', () => {
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
      const program = `
        import { bearer, oidc } from 'express-oidc'
        import { redisReplayCache, type RedisClient } from 'express-oidc/redis'
        export const make: typeof oidc = oidc
        export const api = (client: RedisClient) =>
          bearer({
            issuer: 'https://op.example.com',
            audience: null,
            dpop: { mode: 'required', replayCache: redisReplayCache(client) },
          })
      `
      const args = ['--noEmit', '--strict', '--module', 'nodenext', '--target', 'es2023', '--types', 'node']
      expect(consumer.run('node', tsc, ...args, consumer.write('plain.mts', program))).toBe('')
    })
  })
})

/** A built file and all that it imports of this package. */
function importedBy(path: string, found = new Set<string>()): readonly string[] {
  if (found.has(path)) return [...found]
  found.add(path)
  for (const [, specifier = ''] of textOf(path).matchAll(/\b(?:from|import)\s*"(\.{1,2}\/[^"]+)"/g)) {
    importedBy(posix.join(posix.dirname(path), specifier), found)
  }
  return [...found]
}
