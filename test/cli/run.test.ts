import { describe, expect, test } from '@jest/globals'
import { createServer } from 'node:http'
import { run } from '../../lib/cli/run.js'
import { listen } from '../kit/listen.js'
import { recordingTerminal } from '../kit/terminal.js'

async function ran(...args: string[]) {
  const terminal = recordingTerminal()
  await run(args, terminal)
  return { printed: terminal.printed.join('\n'), failed: terminal.failed.join('\n'), status: terminal.status }
}

describe('npx express-oidc', () => {
  test.each([[], ['--help'], ['help']])('prints its commands: %j', async (...args) => {
    expect(await ran(...args)).toEqual({ printed: expect.stringMatching(/dev-provider {3}starts/), failed: '' })
  })

  test('says that it does not know a command, and which it knows', async () => {
    const { printed, failed } = await ran('doctor-who')
    expect(printed).toBe('')
    expect(failed).toMatch(/no command "doctor-who"[\s\S]+dev-provider/)
  })

  test('says how to take another port where one is in use', async () => {
    const { origin, close } = await listen(createServer())
    const { port } = new URL(origin)
    const { failed } = await ran('dev-provider', '--port', port)
    await close()
    expect(failed).toContain('EADDRINUSE')
    expect(failed).toContain(`(another port: --port ${Number(port) + 1})`)
  })

  test('prints the options of a command', async () => {
    expect((await ran('dev-provider', '--help')).printed).toMatch(/--port <number>[\s\S]+--user/)
  })

  test.each([
    [['--prot', '1'], /Unknown option '--prot'/],
    [['--port', 'http'], /--port must be a number.*"http"/],
    [
      ['--base-url', 'https://app.example.com'],
      /--base-url must be a URL of this machine.*"https:\/\/app\.example\.com"/,
    ],
    [['--user', 'carol,dept'], /--user must be like carol.*"carol,dept"/],
  ])('says what is wrong with %j', async (args, message) => {
    expect((await ran('dev-provider', ...args)).failed).toMatch(message)
  })
})
