/**
 * What the demo and the build of its modules import, beside the dependencies of the package itself. The versions are those of
 * package-lock.json.
 */
export const demoPackages = [
  '@picocss/pico',
  'cookie',
  'esbuild',
  'eta',
  'express',
  'lru-cache',
  'oidc-provider',
  'on-headers',
  'redis',
  'valibot',
]

/**
 * The part of a lock file that some packages need, as a lock file of its own, and the package.json that goes with it.
 *
 * @param {{ packages: Record<string, any> }} lock Version 3.
 * @param {readonly string[]} names
 */
export function partOfLock({ packages }, names) {
  const needed = new Set()
  const queue = names.map((name) => `node_modules/${name}`)
  for (const place of queue) {
    if (needed.has(place)) continue
    const entry = packages[place]
    if (entry === undefined) throw new Error(`package-lock.json has no ${place}`)
    needed.add(place)
    for (const name of Object.keys({ ...entry.dependencies, ...entry.optionalDependencies })) {
      const found = placeOf(packages, place, name)
      if (found !== undefined) queue.push(found)
    }
  }
  const dependencies = Object.fromEntries(names.map((name) => [name, packages[`node_modules/${name}`].version]))
  const root = { name: 'demo', private: true, dependencies }
  const places = [...needed].sort().map((place) => [place, plain(packages[place])])
  return {
    manifest: root,
    lock: { name: 'demo', lockfileVersion: 3, requires: true, packages: { '': root, ...Object.fromEntries(places) } },
  }
}

/** Where a package finds another one: in its own folder, or in those above. */
function placeOf(packages, from, name) {
  for (let folder = from; ; folder = folder.slice(0, Math.max(0, folder.lastIndexOf('node_modules/') - 1))) {
    const place = `${folder === '' ? '' : `${folder}/`}node_modules/${name}`
    if (packages[place] !== undefined) return place
    if (folder === '') return undefined
  }
}

/** Without the marks of what is for development only: here it is not. */
function plain({ dev: _dev, devOptional: _devOptional, ...entry }) {
  return entry
}
