import { beforeAll, describe, expect, test } from '@jest/globals'
import { spawnSync } from 'node:child_process'
import type { DescribedPage } from '../../scripts/options/describe.js'
import { files, root, textOf } from '../setup/tree.js'

// In a process of its own, since it bundles lib and reads all of its types.
const printed = `
  import { describePages } from './scripts/options/describe.js'
  const pages = await describePages()
  const plain = (key, value) => (key === 'declaration' ? undefined : value)
  process.stdout.write(JSON.stringify(pages, plain))
`

// Types that others extend: their members are on the pages of those.
const partsOfOthers = new Set([
  'Auth0Options',
  'BearerValidatorOptions',
  'CognitoOptions',
  'CommonBearerOptions',
  'CredentialOptions',
  'IssuerKeyOptions',
  'IssuerMapOptions',
  'SharedAudienceOptions',
  'TokenProviderOptions',
])
// What the test kit and a client of Redis give, and nobody writes.
const givenByKit = new Set([
  'BearerTestOptions',
  'ClientTestOptions',
  'OidcTestOptions',
  'ProviderTestOptions',
  'RedisCommandOptions',
])

let pages: readonly DescribedPage[]
beforeAll(() => {
  const args = ['--input-type=module', '--eval', printed]
  const { stdout, stderr } = spawnSync(process.execPath, args, { cwd: root, encoding: 'utf8', maxBuffer: 2 ** 26 })
  expect(stderr).toBe('')
  pages = JSON.parse(stdout) as DescribedPage[]
})

const parts = () => pages.flatMap((page) => page.parts)
const options = () =>
  parts().flatMap(({ type, members }) => members.map((member) => ({ ...member, name: `${type}.${member.path}` })))

describe('the options of public functions', () => {
  test('are the same in their types and in the checks of lib/options', () => {
    expect(parts().flatMap(({ differences }) => differences)).toEqual([])
    expect(options().map(({ name }) => name)).toEqual(
      expect.arrayContaining(['OidcOptions.session.cookie.sameSite', 'BearerOptions.dpop.nonce.lifetimeSeconds']),
    )
  })

  test('have a description each', () => {
    expect(options().flatMap(({ name, description }) => (description === '' ? [name] : []))).toEqual([])
  })

  test('have a documented default each, or are required', () => {
    const silent = options().filter((option) => option.required === 'never' && option.default === undefined)
    expect(silent.map(({ name }) => name)).toEqual([])
  })

  test('have the documented default that the checks fill in', () => {
    const wrong = options().filter(({ default: documented = '', checks }) => {
      return checks?.default !== undefined && !documented.includes(String(checks.default))
    })
    expect(wrong.map(({ name, default: documented, checks }) => [name, documented, checks?.default])).toEqual([])
  })

  test('are on a page, for every exported type of options', () => {
    const entries = files('lib').filter((path) => /^lib\/(?:[a-z]+\/)?index\.ts$/.test(path) && !path.includes('/cli/'))
    const exported = entries.flatMap((path) => textOf(path).match(/\b[A-Z]\w*Options\b/g) ?? [])
    const shown = parts().flatMap(({ type, members }) => [type, ...members.map((member) => member.type)])
    const isElsewhere = (name: string) => partsOfOthers.has(name) || givenByKit.has(name)
    const missing = [...new Set(exported)].filter(
      (name) => !isElsewhere(name) && !shown.some((type) => type.includes(name)),
    )
    expect(missing.sort()).toEqual([])
  })
})

test('the pages of docs/options are what `npm run options` writes', () => {
  const { status, stderr } = spawnSync(process.execPath, ['scripts/options/options.js', '--check'], {
    cwd: root,
    encoding: 'utf8',
  })
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
})
