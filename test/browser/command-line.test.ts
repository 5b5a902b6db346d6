import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { createServer } from 'node:http'
import { listen } from '../kit/listen.js'
import { runDemo, startDemo } from './demo.js'

const secret = 'S3CRET'.repeat(6)

describe('the demo’s command line', () => {
  let release: () => Promise<void>
  let taken: string
  let unused: string

  beforeAll(async () => {
    const [occupant, passing] = await Promise.all([listen(createServer()), listen(createServer())])
    release = occupant.close
    taken = new URL(occupant.origin).port
    unused = new URL(passing.origin).port
    await passing.close()
  })
  afterAll(() => release())

  test.each(['--help', '-h'])('%s names every variable and starts nothing', async (flag) => {
    const { status, stdout, stderr } = await runDemo([flag], { PORT: taken })
    expect([status, stderr]).toEqual([0, ''])
    for (const name of [
      'PORT',
      'BASE_URL',
      'PROVIDER_PORT',
      'ISSUER',
      'CLIENT_ID',
      'CLIENT_SECRET',
      'SESSION_SECRET',
    ]) {
      expect(stdout).toMatch(new RegExp(`^ +${name} +\\S`, 'm'))
    }
    for (const option of ['--redis', '--help']) expect(stdout).toMatch(new RegExp(`^ +${option} +\\S`, 'm'))
  })

  test.each([['--rediss'], ['--redis', 'now'], ['--redis=6379']])(
    'an unknown option is named, with the options that exist: %s %s',
    async (...args) => {
      const { status, stdout, stderr } = await runDemo(args, { PORT: taken })
      expect([status, stdout]).toEqual([1, ''])
      expect(stderr).toBe(
        `express-oidc demo: there is not an option "${args.at(-1)}": the options are --redis and --help\n`,
      )
    },
  )

  test('--redis without a redis-server says how to get one', async () => {
    const { status, stdout, stderr } = await runDemo(['--redis'], { PORT: '0', PATH: '/nowhere' })
    expect([status, stdout]).toEqual([1, ''])
    expect(stderr).toMatch(
      /^express-oidc demo: --redis needs redis-server\b[^\n]*\bapt-get install redis-server\b[^\n]*\n$/,
    )
  })

  test('starts on free ports, says where, and ends well when it is interrupted', async () => {
    const demo = await startDemo()
    expect((await fetch(demo.app.replace('localhost', '127.0.0.1'))).status).toBe(200)
    expect((await fetch(`${demo.provider}/.well-known/openid-configuration`)).status).toBe(200)
    expect(await demo.close()).toBe(0)
  })

  test.each([
    ['a port that is taken', () => ({ PORT: taken }), /^port \d+ is taken\b.*\bPORT\b/],
    [
      'a provider’s port that is taken',
      () => ({ PORT: '0', PROVIDER_PORT: taken }),
      /^port \d+ is taken\b.*\bPROVIDER_PORT\b/,
    ],
    ['a port that is not a number', () => ({ PORT: 'http' }), /^PORT must be a port number/],
    ['an issuer without CLIENT_ID', () => ({ PORT: '0', ISSUER: 'http://127.0.0.1:1' }), /\bCLIENT_ID\b/],
    ['a client without ISSUER', () => ({ PORT: '0', CLIENT_ID: 'app', CLIENT_SECRET: secret }), /\bISSUER\b/],
    [
      'a provider that is unavailable',
      () => ({ PORT: '0', ...client(`http://127.0.0.1:${unused}`) }),
      /http:\/\/127\.0\.0\.1:\d+/,
    ],
    [
      'an issuer in plain http',
      () => ({ PORT: '0', ...client('http://id.example.com') }),
      /\bhttps in "issuer"|\bISSUER\b/,
    ],
    ['a short SESSION_SECRET', () => ({ PORT: '0', SESSION_SECRET: 'S3CRET' }), /\bSESSION_SECRET\b.*\b32\b/],
    ['a base URL that is not a URL', () => ({ PORT: '0', BASE_URL: 'localhost' }), /\bBASE_URL\b/],
  ])('answers %s with one line and a failure', async (_case, variables, complaint) => {
    const { status, stdout, stderr } = await runDemo([], variables())
    expect([status, stdout]).toEqual([1, ''])
    expect(stderr).toMatch(/^express-oidc demo: [^\n]+\n$/)
    expect(stderr.replace('express-oidc demo: ', '')).toMatch(complaint)
    expect(stderr).not.toContain('S3CRET')
  })
})

function client(issuer: string) {
  return { ISSUER: issuer, CLIENT_ID: 'app', CLIENT_SECRET: secret }
}
