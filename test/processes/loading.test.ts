import { describe, expect, test } from '@jest/globals'
import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { root } from '../setup/tree.js'

const run = promisify(execFile)

/** Does one thing in a process of its own, in which these packages cannot be loaded; answers what it printed. */
async function without(packages: readonly string[], task: string): Promise<string> {
  const script = join(root, 'test', 'kit', 'processes', 'loading.js')
  const { stdout } = await run(process.execPath, [script, task, ...packages], {
    cwd: root,
    env: { ...process.env, NODE_OPTIONS: '' },
  })
  return stdout.trim()
}

describe('the built package', () => {
  test('loads neither openid-client, jose nor cookie-session before the first login, whatever is mounted', async () => {
    expect(await without(['openid-client', 'jose', 'cookie-session'], 'page')).toBe('undefined')
  })

  test('loads neither openid-client, jose nor cookie-session to validate access tokens', async () => {
    expect(await without(['openid-client', 'jose', 'cookie-session'], 'token')).toBe('alice')
  })

  test('loads openid-client, but not jose itself, for a login without encryption', async () => {
    expect(await without(['jose'], 'login')).toBe('alice')
    await expect(without(['openid-client'], 'login')).rejects.toThrow('Command failed')
  })
})
