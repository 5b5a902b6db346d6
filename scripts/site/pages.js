// The pages as the site takes them: those of docs/, with links that leave docs/ led to the repository.
import { mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { dirname, join, posix } from 'node:path'

const repository = 'https://github.com/express-oidc/express-oidc'
const fence = /^ *(```+)[\s\S]*?^ *\1 *$/gm
// Pages of the site have no HTML of their own, and so no comments.
const comment = /^<!--[\s\S]*?-->$/gm
const link = /(\]\(|^\[[^\]]+\]: )([^()\s]+)/gm

/**
 * Writes the pages of `docs` into a folder. What has not changed is not written again, so that a server that watches them sees changes only.
 *
 * @param root - the project's folder
 */
export function writePages(root, folder) {
  const docs = join(root, 'docs')
  const pages = new Map(
    markdownIn(docs).map((path) => [pathOnSite(path), sitePage(root, path, readFileSync(join(docs, path), 'utf8'))]),
  )
  mkdirSync(folder, { recursive: true })
  const written = markdownIn(folder).filter((path) => !path.startsWith('api/'))
  for (const path of written) if (!pages.has(path)) rmSync(join(folder, path))
  for (const [path, text] of pages) {
    if (!written.includes(path) || readFileSync(join(folder, path), 'utf8') !== text)
      writePage(join(folder, path), text)
  }
}

function markdownIn(folder) {
  return readdirSync(folder, { recursive: true })
    .map((path) => path.replaceAll('\\', '/'))
    .filter((path) => path.endsWith('.md'))
}

/** The path on the site of a page of `docs`: a folder's README is its index. */
export function pathOnSite(path) {
  return path.replace(/(^|\/)README\.md$/, '$1index.md')
}

/** The text of a page of `docs`, with links for the site. */
export function sitePage(root, path, text) {
  const lead = (prose) =>
    prose.replace(comment, '').replace(link, (_, before, target) => `${before}${targetOnSite(root, path, target)}`)
  let end = 0
  let page = ''
  for (const { 0: code, index } of text.matchAll(fence)) {
    page += lead(text.slice(end, index)) + code
    end = index + code.length
  }
  return page + lead(text.slice(end))
}

function targetOnSite(root, page, target) {
  const own = `${repository}/blob/main/docs/`
  if (target.startsWith(own))
    return targetOnSite(root, page, posix.relative(posix.dirname(page), target.slice(own.length)))
  if (/^(?:[a-z]+:|#)/i.test(target)) return target
  const [, path, anchor] = /^([^#]*)(.*)$/.exec(target)
  const inside = posix.join(posix.dirname(page), path)
  if (!inside.startsWith('../')) return `${pathOnSite(path)}${anchor}`
  const outside = inside.slice('../'.length)
  const isFolder = statSync(join(root, outside), { throwIfNoEntry: false })?.isDirectory() === true
  return `${repository}/${isFolder ? 'tree' : 'blob'}/main/${outside}${anchor}`
}

function writePage(path, text) {
  mkdirSync(dirname(path), { recursive: true })
  writeFileSync(path, text)
}
