import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type DevProvider, devProvider } from '../../../lib/cli/dev-provider.js'
import { doctor } from '../../../lib/cli/doctor/doctor.js'
import { run } from '../../../lib/cli/run.js'
import { failureOf } from '../../kit/failure.js'
import { recordingTerminal } from '../../kit/terminal.js'
import { secret } from './diagnosis.js'

let provider: DevProvider
let folder: string

beforeAll(async () => {
  const started = await devProvider(['--port', '0'], recordingTerminal())
  if (started === undefined) throw new Error('the provider has not started')
  provider = started
  folder = mkdtempSync(join(tmpdir(), 'express-oidc-doctor-'))
})

afterAll(() => {
  provider.server.close()
  provider.server.closeAllConnections()
  rmSync(folder, { recursive: true })
})

const variables = (changes: Record<string, string> = {}) => ({
  ISSUER: provider.issuer,
  CLIENT_ID: 'my-app',
  CLIENT_SECRET: 'a-secret-at-the-provider',
  BASE_URL: 'http://localhost:3000',
  SESSION_SECRET: secret,
  ...changes,
})

async function ran(args: readonly string[], env: Record<string, string> = variables(), isInteractive = false) {
  const terminal = recordingTerminal(isInteractive)
  await doctor(args, terminal, env)
  return { text: terminal.printed.join('\n'), status: terminal.status }
}

function moduleOf(name: string, text: string): string {
  const path = join(folder, name)
  writeFileSync(path, text)
  return path
}

const options = () =>
  `{ issuer: '${provider.issuer}', clientId: 'my-app', baseUrl: 'http://localhost:3000', secret: '${secret}' }`

describe('npx express-oidc doctor', () => {
  test('finds nothing wrong with what dev-provider prints, and ends with 0', async () => {
    const { text, status } = await ran([])
    expect(text).not.toMatch(/ [✗!] /)
    expect(text).toMatch(/✓ redirect-uri: the provider sends browsers back to http:\/\/localhost:3000\/callback/)
    expect(text).toMatch(/redirect_uri +http:\/\/localhost:3000\/callback/)
    expect(text).toMatch(/\d+ in order, 0 to correct, 0 to look at, \d that cannot be checked from here/)
    expect(status).toBe(0)
  })

  test('prints what is wrong with a fix below, and ends with 1', async () => {
    const { text, status } = await ran([], variables({ ISSUER: `${provider.issuer}/` }))
    expect(text).toMatch(/ {2}✗ issuer: .*the trailing slash counts\n {4}→ give "http:\/\/127\.0\.0\.1:\d+" as issuer/)
    expect(status).toBe(1)
  })

  test('names each variable that is missing, and still goes to the provider', async () => {
    const { text, status } = await ran([], { ISSUER: provider.issuer })
    for (const name of ['CLIENT_ID', 'BASE_URL', 'SESSION_SECRET'])
      expect(text).toContain(`✗ environment: ${name} is not set`)
    expect(text).toContain('✓ issuer: the provider calls itself')
    expect(text).not.toContain('✗ options')
    expect(status).toBe(1)
  })

  test('prints JSON of one shape for all findings', async () => {
    const { text, status } = await ran(['--json'], variables({ ISSUER: `${provider.issuer}/` }))
    const report = JSON.parse(text) as { findings: object[] }
    expect(report).toMatchObject({
      version: 1,
      ok: false,
      counts: { fail: 1, warn: 0, ok: expect.any(Number), unknown: expect.any(Number) },
      urls: [{ redirect_uri: 'http://localhost:3000/callback' }],
    })
    expect(report.findings).toContainEqual({
      kind: 'provider',
      issuer: `${provider.issuer}/`,
      check: 'issuer',
      status: 'fail',
      message: expect.any(String),
      fix: expect.any(String),
    })
    expect(status).toBe(1)
  })

  test('DO03: prints no secret, whatever is wrong', async () => {
    const planted = 'planted-Xk29vb-credential-of-nobody'
    const env = variables({ CLIENT_SECRET: planted, SESSION_SECRET: `${planted} ${planted}` })
    for (const issuer of [provider.issuer, `${provider.issuer}/`, 'http://127.0.0.1:1']) {
      const { text } = await ran(['--json'], { ...env, ISSUER: issuer })
      expect(text).not.toContain(planted)
    }
  })

  test('uses colours for people only, and not with NO_COLOR', async () => {
    const isColoured = (text: string) => text.includes('\u001b[32m✓')
    const results = await Promise.all([
      ran([]),
      ran([], variables(), true),
      ran([], variables({ NO_COLOR: '1' }), true),
      ran(['--json'], variables(), true),
    ])
    expect(results.map(({ text }) => isColoured(text))).toEqual([false, true, false, false])
  })

  test.each([
    ['by name', (text: string) => `export const options = ${text}`, 'mjs'],
    ['by default', (text: string) => `export default ${text}`, 'mjs'],
    ['from a function', (text: string) => `export default async () => (${text})`, 'mjs'],
    ['from CommonJS', (text: string) => `module.exports = ${text}`, 'cjs'],
    ['by name from CommonJS', (text: string) => `module.exports = { options: ${text} }`, 'cjs'],
  ])('takes options from a module: %s', async (_how, text, ending) => {
    const file = moduleOf(`options-${_how.replaceAll(' ', '-')}.${ending}`, text(options()))
    const { text: printed, status } = await ran(['--module', file], {})
    expect(printed).toContain('✓ options: the options of oidc() are complete')
    expect(status).toBe(0)
  })

  test('takes options of bearer() from a module too', async () => {
    const text = `export const bearer = { issuer: '${provider.issuer}', audience: 'https://api.test' }`
    const { text: printed, status } = await ran(['--module', moduleOf('api.mjs', text)], {})
    expect(printed).toContain(`Access tokens of ${provider.issuer}`)
    expect(printed).not.toContain('To register')
    expect(status).toBe(0)
  })

  test.each([
    ['without options', 'export const other = 1', /exports neither options nor bearer/],
    ['with a program that does not parse', 'export const =', /cannot be loaded \(/],
    ['with an error of its own', "throw new Error('password=hunter2')", /\(Error: run it with node to see why\)/],
    [
      'with the error of a connection',
      "throw Object.assign(new Error('password=hunter2'), { code: 'ECONNREFUSED' })",
      /\(Error ECONNREFUSED: run it with node to see why\)/,
    ],
    [
      'with a function that fails',
      "export default () => { throw new Error('password=hunter2') }",
      /has an export "options" that fails \(Error: run it with node to see why\)/,
    ],
    [
      'with a promise that is rejected',
      "export const bearer = Promise.reject(new Error('password=hunter2'))",
      /has an export "bearer" that fails \(Error: run it with node to see why\)/,
    ],
    ['that throws text', "throw 'password=hunter2'", /\(it threw something that is not an error\)/],
    [
      'with middleware',
      'export default (req, res, next) => next()',
      /is middleware or an application: export the options/,
    ],
    ['with text', "export default 'https://id.example.com'", /is not an object, but of type string/],
  ])('refuses a module %s', async (name, text, message) => {
    const file = moduleOf(`${name.replaceAll(' ', '-')}.mjs`, text)
    const error = await failureOf(() => ran(['--module', file], {}))
    expect(error).toMatchObject({ code: 'invalid_options', message: expect.stringMatching(message) })
    expect(error.message).not.toContain('hunter2')
  })

  test('ends with status 2 if it is called incorrectly, and prints its help with --help', async () => {
    const [wrong, missing, help] = [recordingTerminal(), recordingTerminal(), recordingTerminal()]
    await run(['doctor', '--modul', 'x'], wrong)
    await run(['doctor', '--module', join(folder, 'missing.mjs')], missing)
    await run(['doctor', '--help'], help)
    expect([wrong.status, missing.status]).toEqual([2, 2])
    expect(missing.failed.join()).toMatch(/cannot be loaded \(Cannot find module/)
    expect(help.printed.join()).toMatch(/--module <file>[\s\S]+--json[\s\S]+exit status is 0/)
  })
})
