import { describe, expect, test } from '@jest/globals'
import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { root } from '../setup/tree.js'

const run = promisify(execFile)

interface Report {
  readonly errors: Readonly<Record<string, unknown>>
  readonly answers: Readonly<Record<string, unknown>>
}

/** What a script prints that uses the built package in a process of its own. */
async function printedBy(script: string, build: string): Promise<unknown> {
  const path = join(root, 'test', 'kit', 'processes', script)
  const { stdout } = await run(process.execPath, [path, build], {
    cwd: root,
    env: { ...process.env, NODE_OPTIONS: '' },
  })
  return JSON.parse(stdout)
}

describe.each(['esm', 'cjs'])('with oidc() and bearer() of the %s build, and all else of the other', (build) => {
  test('errors, guards, members of requests and test sessions work as within one', async () => {
    const { errors, answers } = (await printedBy('both-builds.js', build)) as Report
    expect(errors).toEqual({
      isTwo: true,
      classes: ['ConfigurationError', 'OidcError'],
      ownClass: false,
      ownName: false,
      others: false,
    })
    expect(answers).toEqual({
      anonymous: 401,
      person: [200, { subject: 'alice', scheme: 'session', user: 'alice' }],
      stranger: 403,
      token: [200, { subject: 'alice', scheme: 'bearer' }],
      idToken: 401,
      otherSite: 403,
      renewal: [401, { code: 'no_access_token', isOurs: true }],
    })
  })
})

test.each(['esm', 'cjs'])('the %s build signs people in at a provider that encrypts its ID Tokens', async (build) => {
  expect(await printedBy('encrypted-login.js', build)).toEqual({ encrypted: 1, sub: 'alice', segments: 3 })
})
