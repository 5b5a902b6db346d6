import { describe, expect, test } from '@jest/globals'
import { files, textOf } from '../setup/tree.js'
import { parseYaml } from '../setup/yaml.js'

interface Step {
  readonly uses?: string
  readonly run?: string
  readonly with?: Readonly<Record<string, unknown>>
}
interface Job {
  readonly uses?: string
  readonly permissions?: Readonly<Record<string, string>>
  readonly 'timeout-minutes'?: number
  readonly steps?: readonly Step[]
  readonly strategy?: { readonly matrix: Readonly<Record<string, readonly unknown[]>> }
}
interface Workflow {
  readonly on: Readonly<Record<string, unknown>>
  readonly permissions: unknown
  readonly jobs: Readonly<Record<string, Job>>
}

const paths = files('.github').filter((path) => path.endsWith('.yml'))
const workflows = paths
  .filter((path) => path.startsWith('.github/workflows/'))
  .map((path) => ({ path, ...(parseYaml(textOf(path)) as Workflow) }))
const jobs = workflows.flatMap(({ path, jobs: all }) =>
  Object.entries(all).map(([name, job]) => ({ place: `${path} ${name}`, job, steps: job.steps ?? [] })),
)
const { scripts } = JSON.parse(textOf('package.json')) as { readonly scripts: Readonly<Record<string, string>> }
const jobOf = (place: string) => jobs.find((each) => each.place === `.github/workflows/${place}`)?.job

describe('the workflows', () => {
  test('are YAML, and so is everything else that GitHub reads', () => {
    expect(paths.map((path) => [path, typeof parseYaml(textOf(path))])).toEqual(paths.map((path) => [path, 'object']))
    expect(workflows.map(({ path }) => path.replace('.github/workflows/', ''))).toEqual([
      'ci.yml',
      'codeql.yml',
      'dependency-review.yml',
      'release.yml',
      'scheduled.yml',
      'site.yml',
    ])
  })

  test('run only scripts that package.json has', () => {
    const called = jobs.flatMap(({ steps }) =>
      steps.flatMap(({ run = '' }) => [...run.matchAll(/\bnpm run ([\w:-]+)/g)].map(([, name = '']) => name)),
    )
    expect(called).toEqual(expect.arrayContaining(['check', 'compat', 'migrations', 'release:files', 'docs']))
    expect(called.filter((name) => scripts[name] === undefined)).toEqual([])
  })

  test('name the actions of others by commit, and the version beside it', () => {
    const uses = workflows.flatMap(({ path }) => textOf(path).match(/\buses: .*/g) ?? [])
    expect(uses.length).toBeGreaterThan(0)
    const pinned = /^uses: (?:\.\/\S+|[\w/-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+)$/
    expect(uses.filter((line) => !pinned.test(line))).toEqual([])
  })

  test('name one commit for one action', () => {
    const commits = new Map<string, Set<string>>()
    for (const { uses = '' } of jobs.flatMap(({ steps }) => steps)) {
      const [action = '', commit = ''] = uses.split('@')
      const name = action.split('/').slice(0, 2).join('/')
      commits.set(name, (commits.get(name) ?? new Set()).add(commit))
    }
    expect([...commits].filter(([, all]) => all.size > 1)).toEqual([])
  })

  test('start without rights, and each job names the few that it needs', () => {
    expect(workflows.filter(({ permissions }) => JSON.stringify(permissions) !== '{}')).toEqual([])
    const rights = jobs.flatMap(({ place, job }) =>
      Object.entries(job.permissions ?? { none: 'stated' })
        .filter(([right, level]) => right !== 'contents' || level !== 'read')
        .map(([right, level]) => `${place}: ${right} ${level}`),
    )
    expect(rights).toEqual([
      '.github/workflows/codeql.yml analyze: security-events write',
      '.github/workflows/release.yml publish: id-token write',
      '.github/workflows/release.yml announce: contents write',
      '.github/workflows/release.yml site: id-token write',
      '.github/workflows/release.yml site: pages write',
      '.github/workflows/site.yml deploy: id-token write',
      '.github/workflows/site.yml deploy: pages write',
    ])
  })

  test('keep no credentials in the checkout, and take no text from pull requests into a shell', () => {
    const steps = jobs.flatMap((each) => each.steps)
    const checkouts = steps.filter(({ uses }) => uses?.startsWith('actions/checkout@'))
    expect(checkouts.length).toBeGreaterThan(0)
    expect(checkouts.filter((step) => step.with?.['persist-credentials'] !== false)).toEqual([])
    expect(steps.filter(({ run }) => run?.includes('${{'))).toEqual([])
    expect(workflows.filter(({ on }) => 'pull_request_target' in on || 'workflow_run' in on)).toEqual([])
  })

  test('end after a time of their own', () => {
    expect(jobs.filter(({ job }) => job.uses === undefined && job['timeout-minutes'] === undefined)).toEqual([])
  })

  test('test on each supported line of Node.js and the newest, with Redis and with Valkey', () => {
    const { node = [], store = [], include = [] } = jobOf('ci.yml test')?.strategy?.matrix ?? {}
    expect(node).toEqual(['20.19', '22', '24', 'latest'])
    expect(store).toEqual(['redis'])
    expect(include).toEqual([{ node: '24', store: 'valkey' }])
  })

  test('try the packed package on the oldest Node.js of each line that `engines` allows, with Express 4 and 5', () => {
    const { engines } = JSON.parse(textOf('package.json')) as { readonly engines: { readonly node: string } }
    expect(engines.node).toBe('^20.19 || >=22.12')
    const job = jobOf('ci.yml packed')
    expect(job?.strategy?.matrix['node']).toEqual(expect.arrayContaining(['20.19', '22.12']))
    expect(job?.steps?.at(-1)?.run).toMatch(/ express express4 /)
  })

  test('publish a tag only after all tests, from the tarball that was packed, with provenance', () => {
    const needs = Object.entries(workflows.find(({ path }) => path.endsWith('release.yml'))?.jobs ?? {}).map(
      ([name, job]) => [name, (job as { needs?: string }).needs],
    )
    expect(needs).toEqual([
      ['ci', undefined],
      ['pack', 'ci'],
      ['publish', 'pack'],
      ['announce', 'publish'],
      ['site', 'publish'],
    ])
    const published = jobOf('release.yml publish')?.steps?.at(-1)?.run
    expect(published).toMatch(/npm publish \.\/release\/\*\.tgz --provenance --access public /)
    expect(jobOf('release.yml announce')?.steps?.at(-1)?.run).toMatch(/release\/\*\.tgz release\/\*\.cdx\.json/)
  })
})

describe('the site', () => {
  const { jobs: own = {}, on } = workflows.find(({ path }) => path.endsWith('site.yml')) ?? {}
  const steps = own['build']?.steps ?? []

  test('is published by a release, under the path of the address in package.json', () => {
    const { homepage } = JSON.parse(textOf('package.json')) as { readonly homepage: string }
    expect(Object.keys(on ?? {})).toEqual(['workflow_call', 'workflow_dispatch'])
    expect(jobOf('release.yml site')?.uses).toBe('./.github/workflows/site.yml')
    const build = steps.find(({ run }) => run?.startsWith('npm run docs'))?.run
    expect(build).toBe(`npm run docs -- --base ${new URL(homepage).pathname}`)
  })

  test('is what the build has written', () => {
    expect(steps.at(-1)?.with?.['path']).toBe('.site/html')
    expect(textOf('scripts/site/site.js')).toContain(`join(root, '.site', 'html')`)
  })
})

describe('the forms for issues', () => {
  interface Form {
    readonly name: string
    readonly description: string
    readonly body: readonly {
      readonly type: string
      readonly id?: string
      readonly attributes: { readonly label?: string }
    }[]
  }
  const forms = paths.filter((path) => /ISSUE_TEMPLATE\/(?!config)/.test(path))

  test.each(forms)('%s has a name, a description, and fields with labels and different ids', (path) => {
    const { name, description, body } = parseYaml(textOf(path)) as Form
    const fields = body.filter(({ type }) => type !== 'markdown')
    expect([name, description].every((text) => text.length > 2)).toBe(true)
    expect(fields.every(({ type, attributes }) => /^(?:input|textarea)$/.test(type) && attributes.label)).toBeTruthy()
    expect(new Set(fields.map(({ id }) => id)).size).toBe(fields.length)
  })
})

describe('the updates of dependencies', () => {
  test('look at each lock file and at the actions', () => {
    const { updates } = parseYaml(textOf('.github/dependabot.yml')) as {
      readonly updates: readonly { 'package-ecosystem': string; directories?: readonly string[] }[]
    }
    const locks = files().filter((path) => path.endsWith('package-lock.json'))
    const folders = locks.map((path) => `/${path.replace(/\/?package-lock\.json$/, '')}`)
    expect(updates.map((update) => [update['package-ecosystem'], update.directories ?? []])).toEqual([
      ['npm', expect.arrayContaining(folders)],
      ['github-actions', []],
    ])
  })
})
