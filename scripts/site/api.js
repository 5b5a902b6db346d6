// The reference of everything that the package exports, from the TSDoc in lib, as pages of the site.
import { rmSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const own = dirname(fileURLToPath(import.meta.url))

/** The entries of the package, by the name that an import has. */
export const entries = ['', 'bearer', 'browser', 'providers', 'proxy', 'redis', 'telemetry', 'testing']

/**
 * Writes the reference into the folder of the site's pages.
 *
 * @param root - the project's folder
 */
export async function writeReference(root, folder) {
  rmSync(folder, { recursive: true, force: true })
  const { Application } = await import('typedoc')
  const application = await Application.bootstrapWithPlugins({
    plugin: ['typedoc-plugin-markdown'],
    name: 'API reference',
    tsconfig: join(own, 'tsconfig.json'),
    entryPoints: entries.map((entry) => join(root, 'lib', entry, 'index.ts')),
    readme: 'none',
    // What the compiler finds, `npm run check` has found before.
    skipErrorChecking: true,
    disableSources: true,
    excludeInternal: true,
    excludePrivate: true,
    excludeExternals: true,
    outputs: [{ name: 'markdown', path: folder }],
    entryFileName: 'index',
    hideBreadcrumbs: true,
    hidePageHeader: true,
    outputFileStrategy: 'members',
    parametersFormat: 'list',
    logLevel: 'Error',
  })
  const project = await application.convert()
  if (project === undefined) throw new Error('the API reference cannot be made: see above')
  await application.generateOutputs(project)
}
