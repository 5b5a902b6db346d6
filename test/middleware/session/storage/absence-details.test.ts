import { describe, expect, test } from '@jest/globals'
import { absenceDetails } from '../../../../lib/middleware/session/storage/absence-details.js'
import { absences } from '../../../../lib/session/storage/absence.js'
import { plainRequest } from '../../../kit/request.js'

const secure = { origin: 'https://app.example.com', host: 'app.example.com', secure: true }
const plain = { origin: 'http://app.example.com:3000', host: 'app.example.com:3000', secure: false }
const expectedAt = (base: typeof secure, headers: Record<string, string>) =>
  absenceDetails(absences.noCookie, plainRequest(headers), base).expected

describe('the details of a request without a cookie', () => {
  test.each([
    [secure, 'app.example.com'],
    [secure, 'APP.example.com'],
    [secure, 'app.example.com:443'],
    [secure, 'app.example.com.'],
    [secure, 'app.example.com.:443'],
    [plain, 'app.example.com:3000'],
    [plain, 'app.example.com.:3000'],
  ])('say nothing of the host where it is that of %j: %s', (base, host) => {
    expect(expectedAt(base, { host })).toBeUndefined()
    expect(expectedAt(base, { ':authority': host })).toBeUndefined()
  })

  test.each([
    [secure, 'www.example.com'],
    [secure, 'app.example.com:80'],
    [plain, 'app.example.com'],
  ])('name the host where it is another one than that of %j: %s', (base, host) => {
    const expected = `a request to ${base.origin}, which came to "${host}"`
    expect(expectedAt(base, { host })).toBe(expected)
    expect(expectedAt(base, { ':authority': host })).toBe(expected)
  })

  test('go by the header Host, where a request has both', () => {
    expect(expectedAt(secure, { host: secure.host, ':authority': 'www.example.com' })).toBeUndefined()
  })

  test('say nothing of the host where the request names none', () => {
    expect(expectedAt(secure, {})).toBeUndefined()
  })

  test('say nothing of the host where a cookie came', () => {
    expect(absenceDetails(absences.idle, plainRequest({ host: 'www.example.com' }), secure)).toEqual({
      subject: 'session',
      seen: absences.idle.seen,
      option: 'session.idleSeconds',
    })
  })
})
