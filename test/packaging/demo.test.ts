import { describe, expect, test } from '@jest/globals'
import { readdirSync, readFileSync } from 'node:fs'
import { isBuiltin } from 'node:module'
import { join } from 'node:path'
import { demoPackages, partOfLock } from '../../scripts/few-packages.js'
import { root } from '../setup/tree.js'

const readJson = (name: string) => JSON.parse(readFileSync(join(root, name), 'utf8'))
const own = Object.keys(readJson('package.json').dependencies)

describe('the packages that the demo installs', () => {
  test('are all that its files, and the build of the modules that it runs, import', () => {
    const files = readdirSync(join(root, 'example-app'), { recursive: true, encoding: 'utf8' })
    const scripts = files.filter((file) => file.endsWith('.js')).map((file) => `example-app/${file}`)
    const imported = [
      ...scripts,
      'scripts/demo.js',
      'scripts/build/build.js',
      'scripts/build/browser.js',
      'scripts/build/shared-files.js',
    ].flatMap((file) => {
      const text = readFileSync(join(root, file), 'utf8')
      return [...text.matchAll(/(?:^import .*|^} )from '([^.'][^']*)'|require\.resolve\('([^']+)'\)/gm)]
        .map((found) => found[1] ?? found[2] ?? '')
        .filter((name) => !isBuiltin(name) && !/^express-oidc\b|^typescript\//.test(name))
    })
    const names = imported.map((name) =>
      name
        .split('/')
        .slice(0, name.startsWith('@') ? 2 : 1)
        .join('/'),
    )
    expect(names.length).toBeGreaterThan(10)
    const known = new Set([...own, ...demoPackages])
    expect(names.filter((name) => !known.has(name))).toEqual([])
  })

  test('have the versions of development, and are far fewer', () => {
    const everything = readJson('package-lock.json')
    const { manifest, lock } = partOfLock(everything, [...own, ...demoPackages])
    for (const [place, { version }] of Object.entries(lock.packages).slice(1)) {
      expect([place, version]).toEqual([place, everything.packages[place].version])
    }
    expect(manifest.dependencies['express']).toBe(everything.packages['node_modules/express'].version)
    expect(Object.keys(lock.packages).length).toBeLessThan(Object.keys(everything.packages).length / 3)
    expect(lock.packages).not.toHaveProperty(['node_modules/jest'])
    expect(lock.packages).not.toHaveProperty(['node_modules/typescript'])
  })

  test('are found where npm has put them: beside, inside, or above the one that needs them', () => {
    const entry = (version: string, dependencies: Record<string, string> = {}) => ({ version, dev: true, dependencies })
    const { lock } = partOfLock(
      {
        packages: {
          'node_modules/a': entry('1.0.0', { b: '^1', c: '^1' }),
          'node_modules/a/node_modules/b': entry('1.0.0', { c: '^1', d: '^1' }),
          'node_modules/b': entry('2.0.0'),
          'node_modules/c': entry('1.0.0'),
          'node_modules/d': entry('1.0.0'),
          'node_modules/e': entry('1.0.0'),
        },
      },
      ['a'],
    )
    expect(Object.keys(lock.packages)).toEqual([
      '',
      'node_modules/a',
      'node_modules/a/node_modules/b',
      'node_modules/c',
      'node_modules/d',
    ])
    expect(Object.values(lock.packages).filter(({ dev }) => dev)).toEqual([])
  })

  test('are named where the lock file lacks one', () => {
    expect(() => partOfLock({ packages: {} }, ['missing'])).toThrow('package-lock.json has no node_modules/missing')
  })
})
