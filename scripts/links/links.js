// Asks for every page elsewhere that the documentation links to: `npm run links`. It needs the internet.
import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { deadLinks, externalLinks } from './external.js'

const root = join(dirname(fileURLToPath(import.meta.url)), '..', '..')
const own = readdirSync(root).filter((name) => name.endsWith('.md'))
const docs = readdirSync(join(root, 'docs'), { recursive: true }).filter((name) => name.endsWith('.md'))
const pages = [...own, ...docs.map((name) => join('docs', name))]

const places = new Map()
for (const page of pages) {
  for (const url of externalLinks(readFileSync(join(root, page), 'utf8'))) {
    places.set(url, [...(places.get(url) ?? []), page])
  }
}
const dead = await deadLinks([...places.keys()])
for (const { url, why } of dead) console.error(`${url}: ${why} (${places.get(url).join(', ')})`)
console.log(`${places.size} links on ${pages.length} pages, ${dead.length} of them dead`)
process.exitCode = dead.length > 0 ? 1 : 0
