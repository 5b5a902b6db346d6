import { describe, expect, test } from '@jest/globals'
import { posix } from 'node:path'
import ts from 'typescript'
import { bundled } from '../scripts/build/bundled.js'
import { files, textOf } from './setup/tree.js'

/** From the surface to the ground. A part imports from lower lines only: never upwards, never from its own line. */
const layers = [
  ['browser'],
  ['cli'],
  ['index', 'testing', 'bearer'],
  ['providers', 'proxy', 'telemetry'],
  ['express'],
  ['middleware'],
  ['relying-party', 'resource-server', 'client', 'decision', 'redis', 'signals'],
  ['provider', 'session', 'policy'],
  ['fetch'],
  ['jose', 'seal', 'http'],
  ['options'],
  ['base'],
  ['errors'],
  ['error-statuses'],
  ['error-codes', 'error-details', 'error-copies'],
]

/** Packages and built-in modules that one part alone may know. */
const reserved: Readonly<Record<string, readonly string[]>> = {
  'openid-client': ['provider'],
  jose: ['lib/jose/jwe.ts'],
  // The options name types of it: Node's request and response.
  undici: ['proxy'],
  'node:http': [
    'middleware',
    'proxy',
    'testing',
    'cli',
    'lib/provider/transport/node-transport.ts',
    'lib/provider/transport/agents.ts',
    'lib/provider/tls/api-fetch.ts',
    'lib/options/framework.ts',
  ],
  'node:https': ['lib/provider/transport/agents.ts'],
  'node:http2': [],
}

/** Names that only one part may write. */
const privileges: readonly (readonly [name: string, pattern: RegExp, part: string | undefined])[] = [
  ['process.env', /\bprocess\s*\.\s*env\b/, 'options'],
  // Newer types of Node have it no more; that of webcrypto stays.
  ['JsonWebKey of node:crypto', /(?<!webcrypto\.)\bJsonWebKey\b/, undefined],
  ['console', /\bconsole\s*[.[]/, undefined],
  // Node.js 20 and 22 refuse Latin-1 in it once its caller is compiled.
  ['URL.canParse', /\bcanParse\b/, undefined],
  ['to the terminal', /\bprocess\s*\.\s*(?:stdout|stderr)\b/, 'cli'],
  // Only where NODE_DEBUG asks for it.
  ['with debuglog', /\bdebuglog\b/, 'base'],
  // Of options that sign people out, which no error may forbid: one process alone is well with them.
  ['a warning', /\bprocess\s*\.\s*emitWarning\b/, 'options'],
]

interface Source {
  readonly path: string
  readonly part: string
  readonly code: string
  readonly imports: readonly string[]
}

/** The folder, or the file itself where it lies in lib directly. */
const partOf = (path: string) => (path.split('/')[1] ?? '').replace(/\.ts$/, '')

const depth = (part: string) => layers.findIndex((line) => line.includes(part))

const sources: readonly Source[] = files('lib').map((path) => {
  const text = textOf(path)
  const imports = ts.preProcessFile(text, true, true).importedFiles.map(({ fileName }) => fileName)
  return { path, part: partOf(path), code: withoutComments(text), imports }
})

function withoutComments(text: string): string {
  const { outputText } = ts.transpileModule(text, {
    compilerOptions: { removeComments: true, target: ts.ScriptTarget.ES2023, module: ts.ModuleKind.ESNext },
  })
  return outputText
}

/** The file that a relative import names, as a path from the project's folder. */
function target(source: Source, specifier: string): string {
  return posix.join(posix.dirname(source.path), specifier).replace(/\.js$/, '.ts')
}

const relatives = (source: Source) => source.imports.filter((name) => name.startsWith('.'))

describe('the layers of lib', () => {
  test('know every part', () => {
    expect(sources.map(({ part }) => part).filter((part) => depth(part) < 0)).toEqual([])
  })

  test('import only from layers below, never from the same layer', () => {
    const wrong = sources.flatMap((source) =>
      relatives(source)
        .map((specifier) => target(source, specifier))
        .filter((path) => partOf(path) !== source.part && depth(partOf(path)) <= depth(source.part))
        .map((path) => `${source.path} -> ${path}`),
    )
    expect(wrong).toEqual([])
  })

  test('keep redis apart: no layer imports it, and it imports none of the flows', () => {
    const allowed = new Set(['redis', 'errors', 'base', 'options', 'session'])
    const wrong = sources.flatMap((source) =>
      relatives(source)
        .map((specifier) => target(source, specifier))
        .filter((path) => (source.part === 'redis' ? !allowed.has(partOf(path)) : partOf(path) === 'redis'))
        .map((path) => `${source.path} -> ${path}`),
    )
    expect(wrong).toEqual([])
  })

  test('keep presets apart: no layer imports them, and they import options only', () => {
    const allowed = new Set(['providers', 'errors', 'base', 'options'])
    const wrong = sources.flatMap((source) =>
      relatives(source)
        .map((specifier) => target(source, specifier))
        .filter((path) => (source.part === 'providers' ? !allowed.has(partOf(path)) : partOf(path) === 'providers'))
        .map((path) => `${source.path} -> ${path}`),
    )
    expect(wrong).toEqual([])
  })

  test('keep the client of pages apart: no layer imports it, and it imports nothing', () => {
    const wrong = sources.flatMap((source) =>
      source.imports
        .map((specifier) => (specifier.startsWith('.') ? target(source, specifier) : specifier))
        .filter((path) => (source.part === 'browser') !== path.startsWith('lib/browser/'))
        .map((path) => `${source.path} -> ${path}`)
        .filter((line) => line.includes('lib/browser/')),
    )
    expect(wrong).toEqual([])
  })

  test('keep the test kit apart: nothing that an application runs imports it', () => {
    const wrong = sources
      .filter(({ part }) => part !== 'testing' && part !== 'cli')
      .flatMap((source) => relatives(source).map((specifier) => `${source.path} -> ${target(source, specifier)}`))
    expect(wrong.filter((line) => line.includes('-> lib/testing/'))).toEqual([])
  })

  test('import files that exist, with their ending', () => {
    const known = new Set(sources.map(({ path }) => path))
    const wrong = sources.flatMap((source) =>
      relatives(source)
        .filter((specifier) => !specifier.endsWith('.js') || !known.has(target(source, specifier)))
        .map((specifier) => `${source.path} -> ${specifier}`),
    )
    expect(wrong).toEqual([])
  })

  test('have no cycles, not even between types', () => {
    expect(cycles()).toEqual([])
  })

  test.each(Object.entries(reserved))('import %s in %s only', (name, places) => {
    const elsewhere = sources.filter(({ part, path }) => !places.includes(part) && !places.includes(path))
    const wrong = elsewhere.filter(({ imports }) =>
      imports.some((path) => path === name || path.startsWith(`${name}/`)),
    )
    expect(wrong.map(({ path }) => path)).toEqual([])
  })

  test.each(privileges)('write %s in its own place only', (_name, pattern, part) => {
    const wrong = sources.filter((source) => source.part !== part && pattern.test(source.code))
    expect(wrong.map(({ path }) => path)).toEqual([])
  })

  test('import no web framework, and no package that is neither a dependency nor bundled', () => {
    const { dependencies, peerDependencies } = JSON.parse(textOf('package.json')) as Record<string, object | undefined>
    // `@types/express` describes `express`.
    const peers = Object.keys(peerDependencies ?? {}).map((name) => name.replace(/^@types\//, ''))
    const allowed = new Set([...Object.keys(dependencies ?? {}), ...peers, ...bundled])
    const wrong = sources.flatMap(({ path, imports }) =>
      imports
        .filter((name) => !name.startsWith('.') && !name.startsWith('node:') && !allowed.has(packageOf(name)))
        .map((name) => `${path} -> ${name}`),
    )
    expect(wrong).toEqual([])
  })

  test('export by name', () => {
    expect(sources.filter(({ code }) => /^export default\b/m.test(code)).map(({ path }) => path)).toEqual([])
  })

  test('re-export in index only', () => {
    const barrel = /^export\s+(?:type\s+)?(?:\*|\{[^}]*\})\s+from\b/m
    const wrong = sources.filter(({ path, part }) => part !== 'index' && barrel.test(textOf(path)))
    expect(
      wrong
        .filter(
          ({ path }) => !/^lib\/(?:bearer|browser|testing|redis|providers|proxy|telemetry)\/index\.ts$/.test(path),
        )
        .map(({ path }) => path),
    ).toEqual([])
  })
})

function packageOf(name: string): string {
  return name
    .split('/')
    .slice(0, name.startsWith('@') ? 2 : 1)
    .join('/')
}

/** Every import cycle, each listed once. */
function cycles(): string[] {
  const graph = new Map(sources.map((source) => [source.path, relatives(source).map((name) => target(source, name))]))
  const done = new Set<string>()
  const found: string[] = []
  const visit = (path: string, way: readonly string[]): void => {
    if (way.includes(path)) {
      found.push([...way.slice(way.indexOf(path)), path].join(' -> '))
      return
    }
    if (done.has(path)) return
    for (const next of graph.get(path) ?? []) visit(next, [...way, path])
    done.add(path)
  }
  for (const path of graph.keys()) visit(path, [])
  return found
}
