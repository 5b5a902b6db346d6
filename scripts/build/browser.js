import { build } from 'esbuild'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

/**
 * Bundles the client for pages into one file, which a page can load as it is: an application serves it without a bundler.
 *
 * @returns the file's text
 */
export async function bundleBrowserClient() {
  const { outputFiles } = await build({
    absWorkingDir: join(dirname(fileURLToPath(import.meta.url)), '..', '..'),
    entryPoints: ['lib/browser/index.ts'],
    bundle: true,
    minify: true,
    platform: 'browser',
    format: 'esm',
    target: 'es2022',
    write: false,
    logLevel: 'warning',
  })
  return outputFiles[0].text
}
