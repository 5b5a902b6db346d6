import { describe, expect, test } from '@jest/globals'
import { join } from 'node:path'
import { pathOnSite, sitePage } from '../../scripts/site/pages.js'
import { pagesOf, sidebarOf } from '../../scripts/site/sidebar.js'
import { files, root, textOf } from '../setup/tree.js'

describe("the site's sidebar", () => {
  const sidebar = sidebarOf(join(root, 'docs'))

  test('has every page of docs once (scripts/site/sidebar.js)', () => {
    const pages = files('docs').filter((path) => path.endsWith('.md'))
    const expected = pages.map((path) => path.slice('docs/'.length, -'.md'.length))
    expect(pagesOf(sidebar).sort()).toEqual(expected.sort())
  })

  test('has the groups in order', () => {
    const order = ['Start', 'Guides', 'Providers', 'Moving here', 'Options', 'Reference']
    const groups = sidebar.map(({ text }) => text)
    expect(groups).toEqual(order.filter((group) => groups.includes(group)))
    expect(groups).toContain('Guides')
  })
})

describe('a page of the site', () => {
  const repository = 'https://github.com/express-oidc/express-oidc'

  test('has the links of docs, and a README of a folder is its index', () => {
    const text =
      '[a](refresh.md#x) [b](providers/README.md) [c](#here) [d](https://id.example.com)\n\n[e]: providers/okta.md'
    expect(sitePage(root, 'login.md', text)).toBe(text.replace('README.md', 'index.md'))
    expect(pathOnSite('providers/README.md')).toBe('providers/index.md')
  })

  test('leads to the repository where docs links to what is outside', () => {
    expect(sitePage(root, 'login.md', '[a](../README.md#b) [c](../example-app/)')).toBe(
      `[a](${repository}/blob/main/README.md#b) [c](${repository}/tree/main/example-app/)`,
    )
    expect(sitePage(root, 'providers/okta.md', '[a](../../CONTRIBUTING.md)')).toBe(
      `[a](${repository}/blob/main/CONTRIBUTING.md)`,
    )
  })

  test("leads to the site's own page where the repository's address of a page of docs is given", () => {
    expect(sitePage(root, 'providers/okta.md', `[a](${repository}/blob/main/docs/login.md#b)`)).toBe(
      '[a](../login.md#b)',
    )
  })

  test('has its code as it is', () => {
    const text = '```ts\nconst a = [b](../c.md)\n```\n'
    expect(sitePage(root, 'login.md', text)).toBe(text)
  })
})

test('the lock file of the site names no host of a registry', () => {
  expect(textOf('scripts/site/package-lock.json')).not.toContain('"resolved"')
  expect(textOf('scripts/site/.npmrc')).toContain('omit-lockfile-registry-resolved=true')
})
