// Writes what a release consists of into a folder: the tarball, its bill of materials and the notes.
import { execFileSync } from 'node:child_process'
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { bundled } from '../build/bundled.js'

const root = join(dirname(fileURLToPath(import.meta.url)), '..', '..')

/** The part of a changelog about one version, without its heading. Throws if there is none. */
export function notesOf(changelog, version) {
  const sections = changelog.split(/^(?=## \[)/m)
  const section = sections.find((text) => text.startsWith(`## [${version}]`))
  const notes = section?.slice(section.indexOf('\n')).trim() ?? ''
  if (notes === '')
    throw new Error(`CHANGELOG.md has nothing under "## [${version}]": say there what the release changes`)
  return `${notes}\n`
}

/** The version that a tag names. Throws unless that is the version of package.json. */
export function versionOf(tag, { version }) {
  if (tag !== `v${version}`) throw new Error(`the tag is ${tag}, but the version in package.json needs v${version}`)
  return version
}

/**
 * The bill of materials (CycloneDX) of what an application installs: the dependencies and the packages inside, in the versions of the
 * lock file, with their hashes. npm leaves out what development needs as well (`--omit dev`), so it is asked about a copy that has no such packages.
 */
export function billOfMaterials() {
  const folder = mkdtempSync(join(tmpdir(), 'express-oidc-sbom-'))
  try {
    // npm takes the name from the folder.
    const copy = join(folder, 'express-oidc')
    mkdirSync(copy)
    const { devDependencies, overrides: _overrides, scripts: _scripts, ...manifest } = manifestOf()
    const inside = Object.fromEntries(bundled.map((name) => [name, devDependencies[name]]))
    const dependencies = { ...manifest.dependencies, ...inside }
    writeFileSync(join(copy, 'package.json'), JSON.stringify({ ...manifest, dependencies }))
    for (const name of ['package-lock.json', '.npmrc']) copyFileSync(join(root, name), join(copy, name))
    npm(copy, 'install', '--package-lock-only', '--ignore-scripts', '--offline', '--no-audit', '--no-fund')
    return npm(copy, 'sbom', '--package-lock-only', '--sbom-format=cyclonedx', '--sbom-type=library')
  } finally {
    rmSync(folder, { recursive: true })
  }
}

/** Writes the files of the release that a tag names into an empty folder. The package must be built. */
export function writeRelease(tag, folder) {
  const version = versionOf(tag, manifestOf())
  const notes = notesOf(readFileSync(join(root, 'CHANGELOG.md'), 'utf8'), version)
  rmSync(folder, { recursive: true, force: true })
  mkdirSync(folder, { recursive: true })
  npm(root, 'pack', '--ignore-scripts', '--pack-destination', folder)
  writeFileSync(join(folder, `express-oidc-${version}.cdx.json`), billOfMaterials())
  writeFileSync(join(folder, 'notes.md'), notes)
}

function manifestOf() {
  return JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
}

/** Runs npm in another folder, without what `npm run` tells its scripts about this one. */
function npm(cwd, ...args) {
  const kept = /^npm_config_(?:registry|userconfig|globalconfig|cache)$/i
  const entries = Object.entries(process.env).filter(([name]) => !/^npm_/i.test(name) || kept.test(name))
  return execFileSync('npm', [...args, '--loglevel=error'], { cwd, env: Object.fromEntries(entries), encoding: 'utf8' })
}
