import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { join, posix } from 'node:path'
import ts from 'typescript'
import { root, textOf } from '../setup/tree.js'
import { type Consumer, installPacked, isBuilt } from './consumer.js'
import {
  bearerNames,
  browserNames,
  providerNames,
  proxyNames,
  publicNames,
  redisNames,
  telemetryNames,
  testingNames,
} from './exports.js'

/** Express and what it brings are the application's own. */
const mostPackages = 13

const compiler = (folder: string) => join(root, 'node_modules', folder, 'bin', 'tsc')
const [tsc6, tsc7] = [compiler('typescript'), compiler('typescript-7')]

describe('the packed package, installed in another project', () => {
  let consumer: Consumer

  beforeAll(() => {
    if (!isBuilt()) throw new Error('dist is missing: run `npm run build` first (npm test does).')
    consumer = installPacked()
    // An optional peer: express-oidc/proxy needs it.
    consumer.add('undici')
  })

  afterAll(() => consumer.remove())

  test('holds the built files, the documents and nothing else', () => {
    const others = consumer.packed.filter((path) => !/^(?:dist\/.*\.(?:js|d\.ts)|docs\/.*\.md)$/.test(path))
    expect(others.filter((path) => path !== 'README.md')).toEqual([
      'CHANGELOG.md',
      'LICENSE',
      'SECURITY.md',
      'dist/LICENSES.txt',
      'dist/cjs/package.json',
      'package.json',
    ])
    expect(consumer.packed).toEqual(
      expect.arrayContaining(
        ['', 'bearer/', 'redis/', 'providers/', 'browser/', 'proxy/', 'telemetry/', 'testing/'].flatMap((folder) => [
          `dist/${folder}index.d.ts`,
          `dist/${folder}index.js`,
          `dist/cjs/${folder}index.d.ts`,
          `dist/cjs/${folder}index.js`,
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
    ['express-oidc/bearer', bearerNames],
    ['express-oidc/redis', redisNames],
    ['express-oidc/providers', providerNames],
    ['express-oidc/browser', browserNames],
    ['express-oidc/proxy', proxyNames],
    ['express-oidc/telemetry', telemetryNames],
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
    const files = ['', 'bearer/', 'redis/', 'providers/', 'proxy/', 'telemetry/'].flatMap((folder) =>
      importedBy(`dist/${folder}index.js`),
    )
    expect(files.filter((path) => textOf(path).includes('testProvider('))).toEqual([])
    expect(importedBy('dist/testing/index.js').some((path) => textOf(path).includes('testProvider('))).toBe(true)
  })

  test('has the client of pages as one file, where the guide looks for it', () => {
    const program = `
      import { readFileSync } from 'node:fs'
      const folder = new URL('.', import.meta.resolve('express-oidc/browser'))
      console.log(readFileSync(new URL('index.js', folder), 'utf8'))`
    const text = consumer.run('node', consumer.write('client.mjs', program))
    expect(text).toContain('createOidcClient')
    expect(text).not.toMatch(/\bimport\b/)
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
    expect(consumer.run('node', bin, 'doctor', '--help')).toContain('--module')
  })

  test('has a doctor that examines a module, and fails with what is wrong', () => {
    const bin = join('node_modules', '.bin', 'express-oidc')
    const options =
      "{ issuer: 'http://127.0.0.1:1', clientId: 'app', baseUrl: 'http://localhost:3000', secret: 'short' }"
    const file = consumer.write('doctor-options.mjs', `export default ${options}`)
    const examine = () => consumer.run('node', bin, 'doctor', '--json', '--module', file)
    expect(examine).toThrow(/ended with 1\n\{[\s\S]+"secret\\" must be random[\s\S]+ECONNREFUSED/)
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

  test('has declarations that refer to no package but Express, whose types may be absent', () => {
    const declarations = consumer.packed.filter((path) => path.endsWith('.d.ts'))
    const packages = declarations.flatMap((path) => {
      const { importedFiles } = ts.preProcessFile(textOf(path), true, true)
      return importedFiles.map(({ fileName }) => fileName).filter((name) => !/^(?:\.|node:)/.test(name))
    })
    expect([...new Set(packages)]).toEqual(['express'])
  })

  test('loads no relying party and no sessions as express-oidc/bearer', () => {
    const inside = importedBy('dist/bearer/index.js').flatMap((path) =>
      [...textOf(path).matchAll(/^\/\/ (lib\/\S+)$/gm)].map(([, source = '']) => source),
    )
    expect(inside).toContain('lib/middleware/bearer.ts')
    const ofLogins = /^lib\/(?:relying-party|session|middleware\/(?:session|routes|providers))\//
    expect(inside.filter((source) => ofLogins.test(source))).toEqual([])
  })

  test('takes at most 5 MB of disk with what it brings', () => {
    expect(consumer.bytes / 1024 ** 2).toBeLessThanOrEqual(5)
  })

  test('carries the licences of the packages inside its files', () => {
    const licences = textOf('dist/LICENSES.txt')
    expect([...licences.matchAll(/^([a-z\d-]+) \d+\.\d+\.\d+$/gm)].map(([, name]) => name)).toEqual([
      'cookie',
      'jose',
      'lru-cache',
      'oauth4webapi',
      'on-headers',
      'openid-client',
      'valibot',
    ])
    expect(licences.match(/MIT License|Blue Oak Model License/gi)?.length).toBeGreaterThanOrEqual(6)
  })

  test('does not export its inner files', () => {
    const program = "import('express-oidc/dist/errors.js').catch((error) => console.log(error.code))"
    expect(consumer.run('node', consumer.write('inner.mjs', program)).trim()).toBe('ERR_PACKAGE_PATH_NOT_EXPORTED')
  })

  test('works under Jest as it comes, which loads CommonJS', () => {
    const configuration = { testMatch: ['<rootDir>/application.test.js'], testTimeout: 300_000 }
    consumer.write('jest.config.js', `module.exports = ${JSON.stringify(configuration)}`)
    consumer.write('application.test.js', textOf('test/packaging/consumer/jest.js'))
    const jest = join(root, 'node_modules', 'jest', 'bin', 'jest.js')
    expect(consumer.run('node', jest, '--json')).toContain('"numPassedTests":3')
  })

  describe('by a TypeScript program', () => {
    const compilerOptions = {
      target: 'es2023',
      strict: true,
      exactOptionalPropertyTypes: true,
      skipLibCheck: false,
      noEmit: true,
      types: ['node'],
    }
    const node10 = { module: 'commonjs', moduleResolution: 'node10', esModuleInterop: true, ignoreDeprecations: '6.0' }

    /** What tsc says of some files, each named as it is in the consumer's project. */
    function errorsIn(sources: Readonly<Record<string, string>>, options: object, tsc = tsc6): string {
      for (const [name, source] of Object.entries(sources)) {
        consumer.write(name, textOf(`test/packaging/consumer/${source}.ts`))
      }
      const project = { compilerOptions: { ...compilerOptions, ...options }, files: Object.keys(sources) }
      return consumer.run('node', tsc, '-p', consumer.write('tsconfig.json', JSON.stringify(project)))
    }

    test("compiles without the types of Express, with Node's in their place", () => {
      consumer.add('@types/node')
      expect(errorsIn({ 'plain.mts': 'plain' }, { module: 'nodenext' })).toBe('')
    })

    describe('with the types of Express', () => {
      beforeAll(() => consumer.add('express', '@types/express', '@types/node'))

      test.each([
        ['nodenext', { module: 'nodenext' }, ['typed.mts', 'typed.cts'], tsc6],
        ['nodenext of TypeScript 7', { module: 'nodenext' }, ['typed.mts', 'typed.cts'], tsc7],
        ['node16', { module: 'node16' }, ['typed.mts', 'typed.cts'], tsc6],
        ['bundler', { module: 'esnext', moduleResolution: 'bundler' }, ['typed.ts'], tsc6],
        ['bundler of TypeScript 7', { module: 'esnext', moduleResolution: 'bundler' }, ['typed.ts'], tsc7],
        ['node10', node10, ['typed.ts'], tsc6],
      ])('compiles by the resolution %s, and refuses invalid arguments', (_name, options, names, tsc) => {
        expect(errorsIn(Object.fromEntries(names.map((name) => [name, 'typed'])), options, tsc)).toBe('')
      })

      test.each(['jwt-bearer', 'mcp'])('compiles beside another package that declares req.auth (%s)', (name) => {
        expect(errorsIn({ 'beside.mts': `beside-${name}` }, { module: 'nodenext' })).toBe('')
      })
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
