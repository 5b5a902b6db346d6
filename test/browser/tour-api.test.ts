import { expect, test } from '@jest/globals'
import { describeWith } from '../setup/describe-with.js'
import { setStage } from './stage.js'
import { openStop, press } from './steps.js'

const answers = [
  ['read', '200 GET /api/orders', /^content-type: application\/json/, /"Desk lamp"/],
  [
    'write',
    '403 POST /api/orders',
    /error="insufficient_scope".*scope="orders:write"/s,
    /"code": "insufficient_scope"/,
  ],
  ['nothing', '401 GET /api/orders', /^www-authenticate: Bearer\n/, /"code": "missing_token"/],
  ['id-token', '401 GET /api/orders', /error="invalid_token"/, /"code": "invalid_token"/],
  ['changed', '401 GET /api/orders', /error="invalid_token"/, /"code": "invalid_token"/],
] as const

describeWith('chromium', 'the stop with the API', (path) => {
  const stage = setStage(path)

  test.each(answers)(
    'answers to "%s" with %s, as a resource server does, in sight',
    async (id, line, headers, body) => {
      const { page, complaints } = await stage.member('alice')
      await openStop(page, stage.demo().app, 'api')
      await page.selectOption('#call', id)
      expect(await press(page)).toEqual([line])
      expect(await page.inputValue('#call')).toBe(id)
      const answer = await page.locator('.lines').boundingBox()
      expect(Number(answer?.y) + Number(answer?.height)).toBeLessThan(Number(page.viewportSize()?.height))
      expect(await page.innerText('#answer-headers')).toMatch(headers)
      expect(await page.innerText('#answer-body')).toMatch(body)
      expect(await page.content()).not.toMatch(/eyJ[\w-]{16,}\./)
      expect(complaints).toEqual([])
    },
  )

  test('shows how a machine gets a token that opens the API, and one for another API that does not', async () => {
    const { page } = await stage.visitor()
    await openStop(page, stage.demo().app, 'machine')
    const line = (await page.textContent('#curl-machine')) ?? ''
    const [, user = '', token = ''] = /curl -s -u (\S+) .* (http:\/\/\S+\/token)/.exec(line) ?? []
    const call = async (resource: string): Promise<number> => {
      const authorization = `Basic ${Buffer.from(user).toString('base64')}`
      const body = new URLSearchParams({ grant_type: 'client_credentials', scope: 'orders:read', resource })
      const answer = await fetch(token, { method: 'POST', headers: { authorization }, body })
      const { access_token: accessToken } = (await answer.json()) as { access_token: string }
      const headers = { authorization: `Bearer ${accessToken}` }
      return (await fetch(`${stage.demo().app}/api/orders`, { headers })).status
    }
    expect(await call('urn:example:api')).toBe(200)
    expect(await call('urn:example:another-api')).toBe(401)
  })
})
