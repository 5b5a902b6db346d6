import { describe, expect, test } from '@jest/globals'
import { attempt, ok } from '../../../lib/cli/doctor/finding.js'
import { textReport } from '../../../lib/cli/doctor/report.js'
import { ConfigurationError } from '../../../lib/errors.js'

const failing = (error: unknown) => () => {
  throw error
}

describe('a check of the doctor', () => {
  test('returns one finding, or several, or none', async () => {
    expect(await attempt('x', () => ok('x', 'fine'))).toHaveLength(1)
    expect(await attempt('x', async () => [ok('x', 'fine'), ok('x', 'fine')])).toHaveLength(2)
    expect(await attempt('x', () => [])).toEqual([])
  })

  test('is a finding itself where it throws', async () => {
    const error = new ConfigurationError('invalid_options', 'dpop: the provider does not support it')
    expect(await attempt('x', failing(error))).toMatchObject([{ check: 'x', status: 'fail', message: error.message }])
  })

  test.each([new TypeError('password=hunter2'), 'password=hunter2'])(
    'does not quote an error of others',
    async (error) => {
      const [finding] = await attempt('x', failing(error))
      expect(finding).toMatchObject({ check: 'x', status: 'unknown', fix: expect.stringContaining('report it') })
      expect(finding?.message).not.toContain('hunter2')
    },
  )
})

describe('the report', () => {
  test('names a provider of several, and an API', () => {
    const issuer = 'https://id.example.com'
    const text = textReport(
      {
        sections: [
          { subject: { kind: 'provider', name: 'work', issuer }, findings: [] },
          { subject: { kind: 'api', issuer }, findings: [] },
        ],
        urls: [{ provider: 'work', redirect_uri: 'https://app.example.com/callback/work' }],
      },
      false,
    )
    expect(text).toContain(`Provider "work" ${issuer}\n`)
    expect(text).toContain(`Access tokens of ${issuer}\n`)
    expect(text).toContain('To register at the provider "work"\n  redirect_uri ')
  })
})
