import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { createServer, connect, type AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { Browser } from '../hosts/client.js'
import { type RealProvider, startRealProvider, webClient } from '../provider-real/provider.js'

const root = resolve(import.meta.dirname, '../..')

function quickStart(): string {
  const readme = readFileSync(join(root, 'README.md'), 'utf8')
  const code = /```js\n\/\/ server\.js\n(.*?)```/s.exec(readme)?.[1]
  if (code === undefined) throw new Error('README.md has no snippet that starts with "// server.js"')
  return code
}

// A folder that has express and this package, as after `npm install express express-oidc`.
function makeFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'quick-start-'))
  mkdirSync(join(folder, 'node_modules'))
  symlinkSync(root, join(folder, 'node_modules', 'express-oidc'))
  symlinkSync(join(root, 'node_modules', 'express'), join(folder, 'node_modules', 'express'))
  writeFileSync(join(folder, 'server.mjs'), quickStart())
  return folder
}

async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  const { port } = server.address() as AddressInfo
  await new Promise((done) => server.close(done))
  return port
}

async function untilListening(port: number, child: ChildProcess): Promise<void> {
  const attempt = (): Promise<boolean> =>
    new Promise((done) => {
      const socket = connect(port, '127.0.0.1', () => done(true)).on('error', () => done(false))
      socket.on('close', () => socket.destroy())
    })
  while (!(await attempt())) {
    if (child.exitCode !== null) throw new Error(`the server ended with ${child.exitCode}`)
    await new Promise((done) => setTimeout(done, 50))
  }
}

describe("the README's quick start", () => {
  let provider: RealProvider
  let child: ChildProcess
  let folder: string
  let baseUrl: string

  beforeAll(async () => {
    const port = await freePort()
    baseUrl = `http://127.0.0.1:${port}`
    const client = webClient(baseUrl)
    provider = await startRealProvider({ clients: [client] })
    folder = makeFolder()
    child = spawn(process.execPath, ['server.mjs'], {
      cwd: folder,
      stdio: 'inherit',
      env: {
        PATH: process.env['PATH'],
        PORT: String(port),
        ISSUER: provider.issuer,
        CLIENT_ID: client.client_id,
        CLIENT_SECRET: client.client_secret,
        BASE_URL: baseUrl,
        SESSION_SECRET: 'quick-start-secret-long-and-random-enough',
      },
    })
    await untilListening(port, child)
  })

  afterAll(async () => {
    child.kill()
    if (child.exitCode === null && child.signalCode === null) await once(child, 'exit')
    await provider.close()
    rmSync(folder, { recursive: true })
  })

  test('signs someone in and says who they are', async () => {
    const browser = new Browser()
    expect((await browser.request('navigate', baseUrl)).text).toContain('Sign in')
    const profile = await browser.request('navigate', `${baseUrl}/profile`, { follow: true })
    expect(profile.json()).toMatchObject({ iss: provider.issuer, sub: 'alice' })
    expect((await browser.request('navigate', baseUrl)).text).toContain('Hello again')
  })

  test('keeps out people who are not in human resources', async () => {
    const browser = new Browser()
    await browser.request('navigate', `${baseUrl}/profile`, { follow: true })
    expect((await browser.request('navigate', `${baseUrl}/payroll`)).status).toBe(200)
    const stranger = new Browser()
    expect((await stranger.request('fetch', `${baseUrl}/payroll`)).status).toBe(401)
  })
})
