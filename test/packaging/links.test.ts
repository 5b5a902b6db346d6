import { describe, expect, test } from '@jest/globals'
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join, posix } from 'node:path'
import { slugOf } from '../../scripts/site/slug.js'
import { files, root, textOf } from '../setup/tree.js'

/** A link of a page. */
interface Link {
  readonly page: string
  readonly target: string
}

/** The repository, by which the package's own documents name files that the package does not hold. */
const repository = /^https:\/\/github\.com\/express-oidc\/express-oidc\/(?:blob|tree)\/main\/([^#]+)(?:#(.*))?$/

const packed = packedFiles()
const documents = packed.filter((path) => path.endsWith('.md'))
const links = documents.flatMap(linksOf)

describe('the links of the documents in the package', () => {
  test('are found', () => {
    expect(documents).toEqual(expect.arrayContaining(['README.md', 'CHANGELOG.md', 'docs/troubleshooting.md']))
    expect(links).toContainEqual({ page: 'SECURITY.md', target: 'docs/guards.md#csrf' })
    expect(linksIn('x.md', 'a [b](c.md) `[d](e.md)`\n\n```js\nf[g](h)\n```\n\n[i]: j.md')).toEqual([
      { page: 'x.md', target: 'c.md' },
      { page: 'x.md', target: 'j.md' },
    ])
  })

  test('lead to files of the package, where they are relative', () => {
    const relative = links.filter(({ target }) => !/^(?:[a-z]+:|#)/.test(target))
    expect(relative.filter((link) => !packed.includes(fileOf(link))).map(shown)).toEqual([])
  })

  test('lead to headings that exist', () => {
    const anchored = links.filter(({ target }) => !/^[a-z]+:/.test(target) && target.includes('#'))
    expect(anchored.length).toBeGreaterThan(0)
    expect(anchored.filter((link) => !headingsOf(fileOf(link)).has(anchorOf(link))).map(shown)).toEqual([])
  })

  test('lead to files of the repository, where they are about what is not in the package', () => {
    const pages = [...new Set([...documents, ...files('.github'), 'CONTRIBUTING.md'])]
    const own = pages.flatMap((page) =>
      [...textOf(page).matchAll(/https:\/\/github\.com\/express-oidc\/express-oidc\/[^\s)"']+/g)].map(([target]) => ({
        page,
        target,
      })),
    )
    const dead = own.filter(({ target }) => {
      const [, path = '', anchor] = repository.exec(target) ?? []
      if (path === '') return !/\/(?:issues\/new\/choose|security\/advisories\/new)$/.test(target)
      return !existsSync(join(root, path)) || (anchor !== undefined && !headingsOf(path).has(anchor))
    })
    expect(own.map(({ page }) => page)).toEqual(expect.arrayContaining(['README.md', '.github/SUPPORT.md']))
    expect(dead.map(shown)).toEqual([])
  })
})

describe('the links of the documents that are in the repository only', () => {
  const own = ['CONTRIBUTING.md', 'example-app/README.md', 'bench/README.md', 'test/ATTACKS.md']
  const found = own.flatMap(linksOf).filter(({ target }) => !/^[a-z]+:/.test(target))

  test('lead to files and headings that exist', () => {
    expect(found.map(({ page }) => page)).toEqual(expect.arrayContaining(['CONTRIBUTING.md', 'bench/README.md']))
    const dead = found.filter((link) => {
      const file = fileOf(link)
      if (!existsSync(join(root, file))) return true
      return link.target.includes('#') && !headingsOf(file).has(anchorOf(link))
    })
    expect(dead.map(shown)).toEqual([])
  })
})

describe('the addresses in package.json', () => {
  test('are those of one repository, by which the package page completes relative links', () => {
    const { repository: own, homepage, bugs } = JSON.parse(textOf('package.json')) as Record<string, unknown>
    expect({ own, homepage, bugs }).toEqual({
      own: { type: 'git', url: 'git+https://github.com/express-oidc/express-oidc.git' },
      homepage: 'https://express-oidc.github.io/express-oidc/',
      bugs: 'https://github.com/express-oidc/express-oidc/issues',
    })
  })
})

function packedFiles(): string[] {
  const args = ['pack', '--dry-run', '--ignore-scripts', '--json']
  const { stdout } = spawnSync('npm', args, { cwd: root, encoding: 'utf8' })
  const [report] = JSON.parse(stdout) as { files: { path: string }[] }[]
  return report?.files.map(({ path }) => path) ?? []
}

function linksOf(page: string): Link[] {
  return linksIn(page, textOf(page))
}

function linksIn(page: string, text: string): Link[] {
  const inline = [...proseOf(text).matchAll(/\]\(([^()\s]+(?:\([^()\s]*\))?)\)/g)]
  const references = [...proseOf(text).matchAll(/^\[[^\]]+\]: (\S+)/gm)]
  return [...inline, ...references].map(([, target = '']) => ({ page, target }))
}

/** A page without its code. */
function proseOf(text: string): string {
  return text.replace(/^ *(```+)[\s\S]*?^ *\1 *$/gm, '').replace(/(`+)(?!`)[\s\S]*?[^`]\1(?!`)/g, '')
}

function fileOf({ page, target }: Link): string {
  const [path = ''] = target.split('#')
  return path === '' ? page : posix.join(posix.dirname(page), path)
}

function anchorOf({ target }: Link): string {
  return target.slice(target.indexOf('#') + 1)
}

/** The anchors of a page, as GitHub and npm make them of its headings. */
function headingsOf(path: string): Set<string> {
  const text = textOf(path).replace(/^ *(```+)[\s\S]*?^ *\1 *$/gm, '')
  const counts = new Map<string, number>()
  const anchors = [...text.matchAll(/^#{1,6} (.+)$/gm)].map(([, heading = '']) => {
    const slug = slugOf(heading)
    const count = counts.get(slug) ?? 0
    counts.set(slug, count + 1)
    return count === 0 ? slug : `${slug}-${count}`
  })
  return new Set(anchors)
}

function shown({ page, target }: Link): string {
  return `${page}: ${target}`
}
