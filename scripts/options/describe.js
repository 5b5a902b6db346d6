// The model of the pages: each option with its description and its checks.
import { build } from 'esbuild'
import { rmSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { checksOf } from './checks.js'
import { pages } from './list.js'
import { OptionTypes } from './types.js'

const own = dirname(fileURLToPath(import.meta.url))
const root = join(own, '..', '..')

// Documents that specifications define, and no option of ours: provider metadata and keys.
const ofSpecifications =
  /(?:^|\.)(?:metadata|jwks|clientAssertionKey|privateKey|decryptionKeys\[\]|publicKey)\.|\bsecret(?:\[\])?\.(?:kty|k|alg|kid|use|key_ops)$/

/** All pages, with the members of each part. */
export async function describePages() {
  const schemas = await loadSchemas()
  const entries = [...new Set(pages.flatMap(({ parts }) => parts.map(({ entry }) => entry)))]
  const types = new OptionTypes(root, entries)
  return pages.map((page) => ({ ...page, parts: page.parts.map((part) => describePart(part, types, schemas)) }))
}

function describePart(part, types, schemas) {
  const { description, example } = types.describe(part.entry, part.type)
  const schema = part.schema === undefined ? undefined : schemas[part.schema]
  if (part.schema !== undefined && schema === undefined) throw new Error(`schemas.ts has no ${part.schema}`)
  const checks = schema === undefined ? undefined : checksOf(schema)
  const isShown = ({ path, isOurs }) => isOurs && !ofSpecifications.test(path) && !isBelow(path, part.whole)
  const members = types.members(part.entry, part.type).filter(isShown)
  return {
    ...part,
    description,
    example,
    members: members.map((member) => ({ ...member, checks: checks?.get(member.path) })),
    rules: checks?.get('')?.messages ?? [],
    differences: checks === undefined ? [] : differences(part, members, checks),
  }
}

/** Options that only the type has, or only the checks. */
function differences(part, members, checks) {
  const isChecked = (path) => !isBelow(path, part.elsewhere) && !part.elsewhere?.includes(path)
  const typed = members.map(({ path }) => path).filter(isChecked)
  const checked = [...checks].filter(([, { isMember }]) => isMember).map(([path]) => path)
  const known = checked.filter((path) => isChecked(path) && !ofSpecifications.test(path) && !isBelow(path, part.whole))
  const isOwn = (path) => part.type !== 'ProvidersOptions' || /^(?:providerCache|loginPage)/.test(path)
  return [
    ...typed
      .filter((path) => isOwn(path) && !checks.has(path))
      .map((path) => `${part.type}.${path} has no check in ${part.schema}`),
    ...known.filter((path) => !typed.includes(path)).map((path) => `${path} of ${part.schema} is not in ${part.type}`),
  ]
}

function isBelow(path, parents = []) {
  return parents.some((parent) => path.startsWith(`${parent}.`) || path.startsWith(`${parent}[]`))
}

// Sources are TypeScript, which Node 20 does not read.
async function loadSchemas() {
  const outfile = join(root, 'node_modules', `.option-schemas-${process.pid}.mjs`)
  const settings = { bundle: true, platform: 'node', format: 'esm', packages: 'external', logLevel: 'error' }
  await build({ entryPoints: [join(own, 'schemas.ts')], outfile, ...settings })
  try {
    return await import(pathToFileURL(outfile).href)
  } finally {
    rmSync(outfile)
  }
}
