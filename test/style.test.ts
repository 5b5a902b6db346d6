import { describe, expect, test } from '@jest/globals'
import ts from 'typescript'
import { files, textOf } from './setup/tree.js'

const binary = /\.(?:png|jpe?g|gif|ico|woff2?|webp|pdf)$/
const texts = files().filter((path) => !binary.test(path) && path !== 'package-lock.json')
const library = files('lib')

/** Lines of files that match, as `path:line`. */
function places(paths: readonly string[], matches: (line: string) => boolean): string[] {
  return paths.flatMap((path) =>
    textOf(path)
      .split('\n')
      .flatMap((line, index) => (matches(line) ? [`${path}:${index + 1}`] : [])),
  )
}

describe('the tree', () => {
  test('names no path of a particular machine', () => {
    const machinePath = /(?:^|[\s'"`(=:,])(?:\/(?:work|root|home\/\w+|Users\/\w+)\/|[A-Z]:\\Users\\)/
    expect(places(texts, (line) => machinePath.test(line))).toEqual([])
  })

  test('gives a reason wherever a lint rule is switched off', () => {
    const silent = (line: string, previous: string) =>
      /eslint-disable/.test(line) && !/ -- \S/.test(line) && !/^\s*(?:\/\/|\*)/.test(previous)
    const wrong = library.flatMap((path) => {
      const lines = textOf(path).split('\n')
      return lines.flatMap((line, index) => (silent(line, lines[index - 1] ?? '') ? [`${path}:${index + 1}`] : []))
    })
    expect(wrong).toEqual([])
  })

  test('leaves no work for later behind', () => {
    const marks = new RegExp(`\\b(?:${['TO' + 'DO', 'FIX' + 'ME', 'X' + 'XX'].join('|')})\\b`)
    expect(places([...library, ...files('test')], (line) => marks.test(line))).toEqual([])
  })

  test('skips no test and focuses on none', () => {
    const paths = files('test').filter((path) => path.endsWith('.test.ts'))
    const marks = new RegExp(`\\b(?:test|it|describe)\\.(?:${['only', 'skip', 'todo'].join('|')})\\b`)
    expect(places(paths, (line) => marks.test(line))).toEqual([])
  })
})

describe('the folders of lib', () => {
  const folders = [...new Set(library.map((path) => path.slice(0, path.lastIndexOf('/'))))]
  const own = (folder: string) => library.filter((path) => path.slice(0, path.lastIndexOf('/')) === folder)

  test('have twelve files of their own at most', () => {
    expect(folders.filter((folder) => own(folder).length > 12)).toEqual([])
  })

  test('are mirrored by test, where a test stands beside the file that it is about', () => {
    const integration =
      /^test\/(?:[^/]+|(?:browser|docs|fuzz|hostile|hosts|kit|packaging|processes|provider-real|setup|soak|upgrade)\/.*)$/
    // All other tests are about one file of lib.
    const tests = files('test').filter((path) => path.endsWith('.test.ts') && !integration.test(path))
    const subject = (path: string) => path.replace(/^test/, 'lib').replace(/(?:\.[a-z-]+)?\.test\.ts$/, '.ts')
    expect(tests.filter((path) => !library.includes(subject(path)))).toEqual([])
  })
})

describe('the page of attacks', () => {
  test('names each ID of a test, with the files that have it, and no other', () => {
    const areas = 'CB|IT|UI|SC|SR|OR|LO|BC|FC|RF|BR|JK|IN|DP|MT|SU|DI|HH|CH|LK|RE|CC|GU|SP|DO|AP|RA|PD|DB|SG'
    const id = new RegExp(`\\b(?:${areas})\\d{2}\\b`, 'g')
    const found: Record<string, string[]> = {}
    for (const path of files('test').filter((each) => each.endsWith('.ts'))) {
      for (const each of new Set(textOf(path).match(id))) (found[each] ??= []).push(path.slice('test/'.length))
    }
    const rows = [...textOf('test/ATTACKS.md').matchAll(/^- \*\*(\w+)\*\* .+\. In (.+)$/gm)]
    const listed = rows.map(([, each = '', places = '']) => [
      each,
      [...places.matchAll(/`([^`]+)`/g)].map(([, at]) => at),
    ])
    expect(new Set(listed.map(([each]) => each)).size).toBe(listed.length)
    expect(Object.fromEntries(listed)).toEqual(found)
  })

  test('has IDs that stand first in names of tests, with commas in between and a colon behind', () => {
    const tests = files('test').filter((path) => path.endsWith('.test.ts'))
    const unlike = /['"`][A-Z]{2}\d{2}(?:, [A-Z]{2}\d{2})*(?: [A-Za-z%]|,? [A-Z]{2}\d{2}[^,:\d])/
    expect(places(tests, (line) => unlike.test(line))).toEqual([])
  })
})

describe('the lock file', () => {
  test('names versions and hashes, and no registry', () => {
    const lock = textOf('package-lock.json')
    expect(lock).not.toMatch(/"resolved":/)
    const hosts = [...lock.matchAll(/https?:\/\/([^/"\s]+)/g)].map(([, host]) => host ?? '')
    expect(hosts.filter((host) => /registry|npmjs|npmmirror|artifactory|nexus|proxy/i.test(host))).toEqual([])
  })
})

describe('TSDoc in lib', () => {
  test('stands at everything that is exported', () => {
    expect(library.flatMap(undocumented)).toEqual([])
  })
})

function undocumented(path: string): string[] {
  const source = ts.createSourceFile(path, textOf(path), ts.ScriptTarget.ES2023, true)
  const documented = new Set<string>()
  return source.statements
    .filter((node) => ts.canHaveModifiers(node) && ts.getModifiers(node)?.some(isExport))
    .filter((node) => {
      // Overloads share the first one's words.
      const name = ts.isFunctionDeclaration(node) ? (node.name?.text ?? '') : ''
      const has = ts.getJSDocCommentsAndTags(node).length > 0 || documented.has(name)
      if (has && name !== '') documented.add(name)
      return !has
    })
    .map((node) => `${path}:${source.getLineAndCharacterOfPosition(node.getStart()).line + 1}`)
}

function isExport({ kind }: ts.ModifierLike): boolean {
  return kind === ts.SyntaxKind.ExportKeyword
}
