import { readdirSync, readFileSync } from 'node:fs'
import { join, relative, sep } from 'node:path'
import { fileURLToPath } from 'node:url'

/** The project's folder. */
export const root = fileURLToPath(new URL('../..', import.meta.url))

const generated = new Set([
  '.few-packages',
  '.git',
  '.release',
  '.screenshots',
  '.site',
  '.stryker',
  'coverage',
  'dist',
  'node_modules',
])

/** Files under a folder of the project that people write, as paths from the project's folder with `/`, sorted. */
export function files(folder = '.'): string[] {
  return walk(join(root, folder))
    .map((path) => relative(root, path).split(sep).join('/'))
    .sort()
}

/** The text of a file, by its path from the project's folder. */
export function textOf(path: string): string {
  return readFileSync(join(root, path), 'utf8')
}

function walk(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    if (generated.has(entry.name)) return []
    const path = join(folder, entry.name)
    return entry.isDirectory() ? walk(path) : entry.isFile() ? [path] : []
  })
}
