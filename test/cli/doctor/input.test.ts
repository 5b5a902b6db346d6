import { afterAll, describe, expect, test } from '@jest/globals'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { inputFromEnvironment, inputFromModule } from '../../../lib/cli/doctor/input.js'
import { secret } from './diagnosis.js'

const folder = mkdtempSync(join(tmpdir(), 'express-oidc-input-'))
afterAll(() => rmSync(folder, { recursive: true }))

function moduleOf(text: string): string {
  const path = join(folder, `module-${text.length}.mjs`)
  writeFileSync(path, text)
  return path
}

describe('what the doctor examines', () => {
  test('is what the environment has, without what is missing there', () => {
    const { oidc, findings } = inputFromEnvironment({ ISSUER: ' https://id.example.com ', SESSION_SECRET: secret })
    expect(oidc).toEqual({ issuer: 'https://id.example.com', secret: [secret] })
    expect(findings.map(({ message }) => message)).toEqual(['CLIENT_ID is not set', 'BASE_URL is not set'])
    expect(inputFromEnvironment({}).oidc).toEqual({})
  })

  test('is what a module exports: options before the default, and a client of Redis', async () => {
    const text =
      "export default { issuer: 'b' }; export const options = { issuer: 'a' }; export const redis = { info: 1 }"
    expect(await inputFromModule(moduleOf(text))).toMatchObject({ oidc: { issuer: 'a' }, redis: { info: 1 } })
  })

  test.each([
    ['the module', 'await new Promise(() => {}); export default {}'],
    ['a function', 'export default () => new Promise(() => {})'],
    ['the client of Redis', 'export default {}; export const redis = new Promise(() => {})'],
  ])('is said where %s waits for something that does not come', async (_what, text) => {
    const waiting = inputFromModule(moduleOf(text), 0.1)
    await expect(waiting).rejects.toMatchObject({
      code: 'invalid_options',
      message: expect.stringContaining('has not loaded within 0.1 seconds: what does it await'),
    })
  })

  test('is said where Node.js cannot load the TypeScript that is named: compile it, or use tsx', async () => {
    const path = join(folder, 'options.ts')
    const thrown = `Object.assign(new TypeError('Unknown file extension ".ts"'), { code: 'ERR_UNKNOWN_FILE_EXTENSION' })`
    writeFileSync(path, `throw ${thrown}`)
    await expect(inputFromModule(path)).rejects.toMatchObject({
      code: 'invalid_options',
      message: expect.stringMatching(
        /options\.ts: this Node\.js cannot load the module as TypeScript \(.+\)\. Name .* node --import tsx .*options\.ts$/s,
      ),
    })
    await expect(inputFromModule(join(folder, 'nowhere.ts'))).rejects.toMatchObject({
      message: expect.stringMatching(/the module cannot be loaded \(.+\)\. It should export/s),
    })
  })

  test('is said where a module of TypeScript throws what is not an error: another loader would not help', async () => {
    const path = join(folder, 'throwing.ts')
    writeFileSync(path, "throw 'password=hunter2'")
    await expect(inputFromModule(path)).rejects.toMatchObject({
      message: expect.stringMatching(/throwing\.ts: the module cannot be loaded \(it threw something that is not/),
    })
  })

  test('is nothing where the module itself finds that variables are missing', async () => {
    const errors = join(process.cwd(), 'lib', 'errors.ts')
    const text = `import { ConfigurationError } from ${JSON.stringify(errors)}
throw new ConfigurationError('missing_environment', 'optionsFromEnv(): set ISSUER in the environment')`
    const { oidc, findings } = await inputFromModule(moduleOf(text))
    expect(oidc).toBeUndefined()
    expect(findings).toEqual([
      { check: 'environment', status: 'fail', message: expect.stringContaining('set ISSUER'), fix: expect.any(String) },
    ])
  })
})
