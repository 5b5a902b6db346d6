import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { freePort } from '../kit/free-port.js'
import { type Answer, Browser } from '../hosts/client.js'
import { root, textOf } from '../setup/tree.js'

const pages = ['README.md', 'docs/getting-started.md']

/** The files that a page has a reader write: its snippets that begin with a comment with a name. */
function filesOf(page: string): ReadonlyMap<string, string> {
  const snippets = textOf(page).matchAll(/```m?js\n\/\/ ([a-z.]+\.js)\n(.*?)```/gs)
  const found = new Map([...snippets].map(([, name = '', code = '']): [string, string] => [name, code]))
  if (!found.has('server.js')) throw new Error(`${page} has no snippet that starts with "// server.js"`)
  return found
}

/** A folder with a page's files that has Express and this package, as after `npm install express express-oidc`. */
function makeFolder(page: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'quick-start-'))
  mkdirSync(join(folder, 'node_modules'))
  symlinkSync(root, join(folder, 'node_modules', 'express-oidc'))
  for (const name of ['express', 'supertest']) {
    symlinkSync(join(root, 'node_modules', name), join(folder, 'node_modules', name))
  }
  writeFileSync(join(folder, 'package.json'), '{ "type": "module" }')
  for (const [name, code] of filesOf(page)) writeFileSync(join(folder, name), code)
  return folder
}

async function untilListening(port: number, child: ChildProcess): Promise<void> {
  const attempt = (): Promise<boolean> =>
    new Promise((done) => {
      const socket = connect(port, '127.0.0.1', () => {
        socket.destroy()
        done(true)
      }).on('error', () => done(false))
    })
  while (!(await attempt())) {
    if (child.exitCode !== null) throw new Error(`the server ended with ${child.exitCode}`)
    await new Promise((done) => setTimeout(done, 50))
  }
}

interface StartedProvider {
  readonly child: ChildProcess
  /** What it printed to set, by name. */
  readonly variables: Readonly<Record<string, string>>
}

/** Runs the command of a page that starts a provider, on a free port. */
async function startDevProvider(page: string): Promise<StartedProvider> {
  const [, args] = /^npx express-oidc (dev-provider .*)$/m.exec(textOf(page)) ?? []
  if (args === undefined) throw new Error(`${page} names no provider to begin with`)
  const bin = join(root, 'dist', 'cli', 'index.js')
  const child = spawn(process.execPath, [bin, ...args.split(' '), '--port', '0'], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { PATH: process.env['PATH'] },
  })
  const variables: Record<string, string> = {}
  for await (const line of createInterface(child.stdout)) {
    const [, name, value = ''] = /^ {2}([A-Z_]+)=(\S+)$/.exec(line) ?? []
    if (name !== undefined) variables[name] = value
    if (line.includes('bearer(')) break
  }
  return { child, variables }
}

async function end(child: ChildProcess): Promise<void> {
  child.kill()
  if (child.exitCode === null && child.signalCode === null) await once(child, 'exit')
}

/** Chooses somebody on the provider's page. */
async function choose(browser: Browser, page: Answer, user: string): Promise<Answer> {
  const [, request = ''] = /name="request" value="([^"]+)"/.exec(page.text) ?? []
  const body = new URLSearchParams({ request: request.replaceAll('&amp;', '&'), user })
  return browser.request('navigate', new URL('/authorize', page.url).href, {
    method: 'POST',
    body,
    follow: true,
    site: 'same-origin',
  })
}

describe.each(pages)('the application of %s', (page) => {
  let provider: StartedProvider
  let child: ChildProcess
  let folder: string
  let baseUrl: string

  beforeAll(async () => {
    const port = await freePort()
    baseUrl = `http://127.0.0.1:${port}`
    provider = await startDevProvider(page)
    folder = makeFolder(page)
    child = spawn(process.execPath, ['server.js'], {
      cwd: folder,
      stdio: ['ignore', 'ignore', 'inherit'],
      env: {
        PATH: process.env['PATH'],
        NODE_ENV: 'test',
        PORT: String(port),
        ...provider.variables,
        BASE_URL: baseUrl,
      },
    })
    await untilListening(port, child)
  })

  afterAll(async () => {
    await end(child)
    await end(provider.child)
    rmSync(folder, { recursive: true })
  })

  test('signs someone in and says who they are', async () => {
    const browser = new Browser()
    expect((await browser.request('navigate', baseUrl)).text).toContain('Sign in')
    const page = await browser.request('navigate', `${baseUrl}/profile`, { follow: true })
    const profile = await choose(browser, page, 'alice')
    expect(profile.json()).toMatchObject({ iss: provider.variables['ISSUER'], sub: 'alice', dept: 'hr' })
    expect((await browser.request('navigate', baseUrl)).text).toContain('Hello again')
  })

  test('keeps out people who are not in human resources', async () => {
    const browser = new Browser()
    await choose(browser, await browser.request('navigate', `${baseUrl}/profile`, { follow: true }), 'alice')
    expect((await browser.request('navigate', `${baseUrl}/payroll`)).status).toBe(200)
    const other = new Browser()
    await choose(other, await other.request('navigate', `${baseUrl}/profile`, { follow: true }), 'bob')
    expect((await other.request('navigate', `${baseUrl}/payroll`)).status).toBe(403)
    const stranger = new Browser()
    expect((await stranger.request('fetch', `${baseUrl}/payroll`)).status).toBe(401)
  })
})

describe('the tests of docs/getting-started.md', () => {
  test('pass', () => {
    const folder = makeFolder('docs/getting-started.md')
    const env = { PATH: process.env['PATH'] }
    const run = spawnSync(process.execPath, ['--test'], { cwd: folder, env, encoding: 'utf8' })
    rmSync(folder, { recursive: true })
    expect(run.stdout).toMatch(/^. pass 4$/m)
    expect(run.status).toBe(0)
  })
})

describe('the further snippets of docs/getting-started.md and docs/deployment.md', () => {
  const codeIn = (page: string, start: RegExp) =>
    [...textOf(page).matchAll(/```mjs\n(.*?)```/gs)].map(([, code = '']) => code).find((code) => start.test(code)) ?? ''

  test('start the application with a preset of a provider', () => {
    const code = codeIn('docs/getting-started.md', /express-oidc\/providers/)
    expect(code).toContain('createApp(')
    const folder = makeFolder('docs/getting-started.md')
    writeFileSync(join(folder, 'preset.js'), `${code}\nprocess.exit(typeof app.listen === 'function' ? 7 : 1)`)
    const env = {
      PATH: process.env['PATH'],
      ISSUER: 'https://login.example.com/realms/shop',
      CLIENT_ID: 'shop',
      CLIENT_SECRET: 'a-client-secret-of-the-test',
      BASE_URL: 'https://app.example.com',
      SESSION_SECRET: 'a-secret-of-this-test-with-more-than-32-characters',
    }
    const run = spawnSync(process.execPath, ['preset.js'], { cwd: folder, env, encoding: 'utf8' })
    rmSync(folder, { recursive: true })
    expect([run.stderr, run.status]).toEqual(['', 7])
  })

  test('end the server in the same way', () => {
    const ending = codeIn('docs/deployment.md', /SIGTERM/)
    expect(ending).toContain('server.close(')
    expect(filesOf('docs/getting-started.md').get('server.js')).toContain(ending)
  })
})
