import { describe, expect, test } from '@jest/globals'
import ts from 'typescript'
import {
  bearerNames,
  browserNames,
  providerNames,
  proxyNames,
  publicNames,
  redisNames,
  telemetryNames,
  testingNames,
} from './packaging/exports.js'
import { Surfaces } from './packaging/surface.js'
import { files, textOf } from './setup/tree.js'
import { errorsIn, snippetsIn } from './snippets/compile.js'

const entries = [
  ['lib/index.ts', publicNames],
  ['lib/bearer/index.ts', bearerNames],
  ['lib/redis/index.ts', redisNames],
  ['lib/providers/index.ts', providerNames],
  ['lib/browser/index.ts', browserNames],
  ['lib/proxy/index.ts', proxyNames],
  ['lib/telemetry/index.ts', telemetryNames],
  ['lib/testing/index.ts', testingNames],
] as const

const surfaces = new Surfaces(entries.map(([entry]) => entry))

describe.each(entries)('the public surface of %s', (entry, values) => {
  const names = surfaces.of(entry)

  test('has a docstring at every name', () => {
    expect(names.filter((name) => !surfaces.isDocumented(name)).map(({ name }) => name)).toEqual([])
  })

  test('has a docstring at every member of its classes and interfaces', () => {
    const silent = names.flatMap((name) =>
      surfaces
        .membersOf(name)
        .filter((member) => !ts.isConstructorDeclaration(member) && ts.getJSDocCommentsAndTags(member).length === 0)
        .map((member) => `${name.name}: ${member.getText().split('\n', 1)[0]}`),
    )
    expect(silent).toEqual([])
  })

  test('has an example at every function', () => {
    const functions = names.filter(({ declarations }) => declarations.some(ts.isFunctionDeclaration))
    expect(functions.filter((name) => !surfaces.tagsOf(name).includes('example')).map(({ name }) => name)).toEqual([])
  })

  test('exports every type that occurs in its signatures, or the main entry does', () => {
    const exported = new Set([...names, ...surfaces.of('lib/index.ts')].map(({ symbol }) => symbol))
    const hidden = names.flatMap((name) => [...surfaces.typesIn(name)].filter(([type]) => !exported.has(type)))
    expect([...new Set(hidden.map(([, place]) => place))].sort()).toEqual([])
  })

  test('exports the values that the packed package must have', () => {
    const isValue = ({ symbol, isTypeOnly }: (typeof names)[number]) =>
      !isTypeOnly && (symbol.flags & ts.SymbolFlags.Value) !== 0
    const exported = names.filter(isValue).map(({ name }) => name)
    expect(exported.sort()).toEqual([...values].sort())
  })
})

describe('docstrings in lib', () => {
  const sources = files('lib')

  test('have examples that compile against the built package', () => {
    // Without the star that each line of a comment begins with, they are Markdown; line numbers stay.
    const snippets = sources.flatMap((path) => snippetsIn(path, textOf(path).replaceAll(/^[ \t]*\*(?: |$)/gm, '')))
    expect(snippets.length).toBeGreaterThan(20)
    expect(errorsIn(snippets)).toEqual([])
  })

  test('link to specifications by address: a section of an RFC, or an anchor', () => {
    const see = /@see (.*)$/gm
    const address =
      /^(?:https:\/\/(?:www\.rfc-editor\.org\/rfc\/rfc\d+(?:#[\w.-]+)?|[\w.-]+\/\S+)|\{@link .+\}|[A-Z]\w+\.\w+)$/
    const wrong = sources.flatMap((path) =>
      [...textOf(path).matchAll(see)]
        .map(([, target = '']) => target.replace(/ \*\/$/, '').trim())
        .filter((target) => !address.test(target))
        .map((target) => `${path}: ${target}`),
    )
    expect(wrong).toEqual([])
  })
})
