import { describe, expect, test } from '@jest/globals'
import { checkApplication } from '../../../../lib/cli/doctor/application/settings.js'
import { configurationsOf } from '../../../../lib/cli/doctor/configurations.js'
import { readSurroundings } from '../../../../lib/options/surroundings.js'
import { secret } from '../diagnosis.js'

const live = { issuer: 'https://id.example.com', clientId: 'web', baseUrl: 'https://app.example.com', secret }

function check(options: object, env: Record<string, string> = { NODE_ENV: 'production' }) {
  const { application, clients } = configurationsOf({ ...live, ...options })
  if (application === undefined) throw new Error('the options are wrong')
  const findings = checkApplication(application, clients, readSurroundings(env))
  return Object.fromEntries(findings.map(({ check: name, status, message }) => [name, `${status}: ${message}`]))
}

describe('doctor, about the application', () => {
  test('finds all well in production', () => {
    expect(Object.values(check({})).filter((text) => !text.startsWith('ok'))).toEqual([])
  })

  test('warns of NODE_ENV that does not fit the base URL', () => {
    expect(check({}, {})['node-env']).toMatch(/^warn: NODE_ENV is not set here, and the base URL is https/)
    expect(check({ baseUrl: 'http://localhost:3000' })['node-env']).toMatch(/^warn: .*base URL is of this machine/)
  })

  test('says that cookies of plain http are safe on this machine only', () => {
    expect(check({ baseUrl: 'http://localhost:3000' })['base-url']).toMatch(/^ok: .*of this machine/)
    expect(check({ baseUrl: 'http://app.example.com', dangerouslyAllowHttp: true })['base-url']).toMatch(/^fail/)
  })

  test('looks at the newest secret, and counts those that only decrypt', () => {
    expect(check({ secret: [secret, 'an-example-of-an-old-secret-that-was-typed'] })['secret']).toMatch(
      /^ok: .*1 older/,
    )
    expect(check({ secret: 'abcdefgh'.repeat(4) })['secret']).toMatch(/^warn: .*repeats too few/)
  })

  test('warns of a proxy that requests do not use, unless the application makes them', () => {
    const env = { NODE_ENV: 'production', HTTPS_PROXY: 'http://proxy.example.com:3128' }
    const { proxies } = check({}, env)
    expect(proxies).toMatch(/^warn: HTTPS_PROXY is set/)
    expect(proxies).not.toContain('proxy.example.com')
    expect(check({ fetch }, env)['proxies']).toMatch(/^ok/)
  })

  test('does not judge a function that chooses the base URL', () => {
    const options = { baseUrl: () => 'https://app.example.com', baseUrls: ['https://app.example.com'] }
    expect(check(options)['proxies']).toMatch(/^unknown/)
  })
})
