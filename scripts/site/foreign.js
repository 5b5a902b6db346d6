import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

// What a browser loads by itself, and no link that people follow.
const loads = [
  /<(?:script|img|iframe|source|video|audio|link)\b[^>]*\b(?:src|srcset|href)="((?:https?:)?\/\/[^"]*)"/g,
  /(?:url\(|@import )["']?((?:https?:)?\/\/[^"')]*)/g,
  /\b(?:import|fetch)\(["'`]((?:https?:)?\/\/[^"'`]*)/g,
]

// The theme's fallback for icons that are given by name: no icon of ours is.
const unused = 'https://api.iconify.design/simple-icons/${'

/** What the built pages would load from other hosts: pairs of a file and an address. */
export function foreignLoads(folder) {
  return readdirSync(folder, { recursive: true })
    .filter((path) => /\.(?:html|css|js)$/.test(path))
    .flatMap((path) => foreignIn(path, readFileSync(join(folder, path), 'utf8')))
}

function foreignIn(path, text) {
  // Code that pages show is escaped, and so has no tags; canonical addresses are not loaded.
  const found = loads.flatMap((load) => [...text.matchAll(load)])
  return found
    .filter(([tag, address]) => !tag.includes('rel="canonical"') && !address.startsWith(unused))
    .map(([, address]) => `${path}: ${address}`)
}
