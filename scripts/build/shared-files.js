import { readFile } from 'node:fs/promises'
import { builtinModules } from 'node:module'
import { join } from 'node:path'

/*
 * esbuild makes a shared file for each set of entries that use the same sources: with eight entries that is two dozen. To load a file takes
 * about half a millisecond of CPU, as long as 20 KB of source. So some entries are taken to use all that another one uses: whoever
 * imports them has imported that one as well, or is about to.
 */
const companions = {
  index: ['bearer/index'],
  'redis/index': ['bearer/index'],
  'providers/index': ['bearer/index'],
  'proxy/index': ['bearer/index', 'index'],
  'telemetry/index': ['bearer/index'],
  'testing/index': ['bearer/index', 'index'],
  'cli/index': ['bearer/index', 'index'],
}

/**
 * An esbuild plugin that puts sources into few files.
 *
 * @param root - folder of the project
 */
export function fewSharedFiles(root) {
  const entryOf = new Map(Object.keys(companions).map((name) => [join(root, 'lib', `${name}.ts`), name]))
  return {
    name: 'few-shared-files',
    setup({ initialOptions, onLoad }) {
      // These imports are there for the place of the sources, not for what they do.
      initialOptions.logOverride = { 'ignored-bare-import': 'silent' }
      onLoad({ filter: /[/\\]index\.ts$/ }, async ({ path }) => {
        const name = entryOf.get(path)
        if (name === undefined) return undefined
        const imports = companions[name].map((other) => `import ${JSON.stringify(join(root, 'lib', `${other}.ts`))}\n`)
        return { contents: `${await readFile(path, 'utf8')}\n${imports.join('')}`, loader: 'ts' }
      })
    },
  }
}

/** An esbuild plugin for CommonJS packages inside ES modules: what they require of Node is imported. */
export const importedBuiltins = {
  name: 'imported-builtins',
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /^[\w:/]+$/ }, ({ path, kind }) =>
      kind === 'require-call' && builtinModules.includes(path) ? { path, namespace: 'builtin' } : undefined,
    )
    onLoad({ filter: /.*/, namespace: 'builtin' }, ({ path }) => ({
      contents: `import builtin from 'node:${path}'\nmodule.exports = builtin`,
    }))
  },
}
