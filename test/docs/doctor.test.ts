import { afterAll, beforeAll, expect, describe, test } from '@jest/globals'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type DevProvider, devProvider } from '../../lib/cli/dev-provider.js'
import { startRedis, stopEveryRedis } from '../kit/redis/server.js'
import { recordingTerminal } from '../kit/terminal.js'
import { describeWith } from '../setup/describe-with.js'
import { files, root, textOf } from '../setup/tree.js'
import { snippetsIn } from '../snippets/compile.js'

const page = 'docs/doctor.md'

describe('the guide to the doctor', () => {
  test('has each check in its table, and no other', () => {
    const sources = files('lib/cli/doctor').map(textOf).join('\n')
    const inCode = [...sources.matchAll(/(?:\bcheck = |\b(?:ok|warn|fail|unknown)\(\s*)'([a-z-]+)'/g)]
    const [table = ''] = textOf(page).split('## What is checked')[1]?.split('\n## ') ?? []
    const rows = [...table.matchAll(/^\| (`.*?) +\|/gm)].flatMap(([, cell = '']) => [...cell.matchAll(/`([a-z-]+)`/g)])
    const names = (matches: readonly RegExpMatchArray[]) => [...new Set(matches.map(([, name]) => name))].sort()
    expect(names(rows)).toEqual(names(inCode))
  })
})

describeWith('redis-server', 'the module of the guide to the doctor', (path) => {
  let provider: DevProvider
  let folder: string

  beforeAll(async () => {
    const started = await devProvider(['--port', '0'], recordingTerminal())
    if (started === undefined) throw new Error('the provider has not started')
    provider = started
    // As after `npm install redis express-oidc`.
    folder = mkdtempSync(join(tmpdir(), 'express-oidc-doctor-'))
    mkdirSync(join(folder, 'node_modules'))
    symlinkSync(root, join(folder, 'node_modules', 'express-oidc'))
    symlinkSync(join(root, 'node_modules', 'redis'), join(folder, 'node_modules', 'redis'))
    const [module] = snippetsIn(page)
    writeFileSync(join(folder, 'options.mjs'), module?.code ?? '')
  })

  afterAll(async () => {
    await stopEveryRedis()
    provider.server.close()
    provider.server.closeAllConnections()
    rmSync(folder, { recursive: true })
  })

  async function run(env: Record<string, string>, ...args: readonly string[]) {
    const bin = join('node_modules', 'express-oidc', 'dist', 'cli', 'index.js')
    const child = spawn(process.execPath, [bin, 'doctor', ...args], {
      cwd: folder,
      env: { PATH: process.env['PATH'], ...env },
    })
    let printed = ''
    for (const stream of [child.stdout, child.stderr])
      stream.setEncoding('utf8').on('data', (text) => (printed += text))
    const [status] = (await once(child, 'close')) as [number]
    return { printed, status }
  }

  test('is examined by the built command, which ends although the connection to Redis is open', async () => {
    const redis = await startRedis({ path, settings: { 'maxmemory-policy': 'noeviction' } })
    const env = {
      ...{ ISSUER: provider.issuer, CLIENT_ID: 'my-app', BASE_URL: 'http://localhost:3000', REDIS_URL: redis.url },
      ...{ SESSION_SECRET: 'pQv7mZ0xJ2wLr8TdK5uYc3HnB6gEaS9fVoX1iMqWzRtUkNjD' },
    }
    const good = await run(env, '--module', 'options.mjs')
    expect(good.printed).not.toMatch(/ [✗!] /)
    expect(good.printed).toMatch(/✓ store: "sharedStore" writes/)
    expect(good.printed).toMatch(/✓ eviction: Redis evicts nothing/)
    expect(good.printed).toContain(`Access tokens of ${provider.issuer}`)
    expect(good.status).toBe(0)

    const wrong = await run({ ...env, ISSUER: `${provider.issuer}/` }, '--module', 'options.mjs', '--json')
    expect(JSON.parse(wrong.printed)).toMatchObject({ version: 1, ok: false })
    expect(wrong.status).toBe(1)

    const misused = await run(env, '--modul', 'options.mjs')
    expect([misused.status, misused.printed]).toEqual([2, expect.stringContaining("Unknown option '--modul'")])
  })
})
