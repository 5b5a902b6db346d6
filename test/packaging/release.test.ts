import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { bundled } from '../../scripts/build/bundled.js'
import { billOfMaterials, notesOf, versionOf, writeRelease } from '../../scripts/release/files.js'
import { textOf } from '../setup/tree.js'

describe('the files of a release', () => {
  let folder: string
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'release-test-'))
  })
  afterEach(() => rmSync(folder, { recursive: true }))

  test('have a bill of materials with each package that an application installs or has inside, and its hash', () => {
    const bill = JSON.parse(billOfMaterials()) as {
      metadata: { component: { name: string } }
      components: { name: string; version: string; hashes?: { alg: string }[] }[]
    }
    const { dependencies } = JSON.parse(textOf('package.json')) as { dependencies: Record<string, string> }
    const names = bill.components.map(({ name }) => name)
    expect(bill.metadata.component.name).toBe('express-oidc')
    expect(names).toEqual(expect.arrayContaining([...Object.keys(dependencies), ...bundled, 'oauth4webapi', 'keygrip']))
    expect(names.filter((name) => /jest|eslint|^express$|playwright/.test(name))).toEqual([])
    expect(bill.components.every(({ hashes }) => hashes?.[0]?.alg === 'SHA-512')).toBe(true)
  })

  test('have the part of the changelog about their version as notes', () => {
    const changelog =
      '# Changelog\n\n## [Unreleased]\n\n- later\n\n## [1.1.0] - 2030-01-02\n\n- a\n\n## [1.0.0] - 2030-01-01\n\n- b\n'
    expect(notesOf(changelog, '1.1.0')).toBe('- a\n')
    expect(notesOf(changelog, '1.0.0')).toBe('- b\n')
    expect(() => notesOf(changelog, '1.2.0')).toThrow('CHANGELOG.md has nothing under "## [1.2.0]"')
  })

  test('are not written for a tag of another version than the one in package.json', () => {
    expect(versionOf('v1.2.0-beta.1', { version: '1.2.0-beta.1' })).toBe('1.2.0-beta.1')
    expect(() => versionOf('v1.2.1', { version: '1.2.0' })).toThrow(
      'the tag is v1.2.1, but the version in package.json needs v1.2.0',
    )
    expect(() => writeRelease('v0.0.0', folder)).toThrow('the tag is v0.0.0')
    expect(readdirSync(folder)).toEqual([])
  })
})
