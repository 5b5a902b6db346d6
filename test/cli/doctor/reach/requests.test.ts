import { afterEach, describe, expect, test } from '@jest/globals'
import { createServer } from 'node:http'
import { createRequests, type Requests } from '../../../../lib/cli/doctor/reach/requests.js'
import { listen } from '../../../kit/listen.js'

const settings = { issuer: 'https://id.example.com', httpTimeoutSeconds: 5, dangerouslyAllowHttp: false }
const open: { close(): void | Promise<void> }[] = []

afterEach(async () => {
  for (const each of open.splice(0)) await each.close()
})

function requestsWith(options: Partial<Parameters<typeof createRequests>[0]> = {}): Requests {
  const requests = createRequests({ ...settings, ...options })
  open.unshift(requests)
  return requests
}

describe('requests of the doctor', () => {
  test('show a response as it is, redirects and errors too', async () => {
    const server = await listen(
      createServer((req, res) => {
        if (req.url === '/moved') res.writeHead(302, { location: '/there?x=1' }).end()
        else res.writeHead(500, { 'x-name': 'value' }).end('broken')
      }),
    )
    open.push(server)
    const requests = requestsWith()
    const moved = await requests.send(`${server.origin}/moved`)
    expect(moved).toMatchObject({ status: 302, location: new URL(`${server.origin}/there?x=1`) })
    const broken = await requests.send(`${server.origin}/`, { method: 'POST', body: 'a=b' })
    expect(broken).toMatchObject({ status: 500, text: 'broken', location: undefined })
    expect('header' in broken && broken.header('x-name')).toBe('value')
  })

  test('go to the internal origin, over plain http too', async () => {
    const server = await listen(createServer((_req, res) => void res.end('{}')))
    open.push(server)
    const requests = requestsWith({ internalOrigin: server.origin })
    expect(requests.addressOf('https://id.example.com/x')).toBe(`${server.origin}/x`)
    expect(await requests.send('https://id.example.com/x')).toMatchObject({ status: 200 })
  })

  test.each([
    ['http://id.example.com/', 'NOT_HTTPS'],
    ['no URL', 'NO_URL'],
    ['http://127.0.0.1:1/', 'ECONNREFUSED'],
  ])('say why there is no response from %s: %s', async (url, code) => {
    expect(await requestsWith().send(url)).toEqual({ code, message: expect.any(String) })
  })

  test('give up after the deadline of the options', async () => {
    const server = await listen(createServer(() => undefined))
    open.push(server)
    const requests = requestsWith({ httpTimeoutSeconds: 0.1 })
    expect(await requests.send(server.origin)).toEqual({
      code: 'TIMEOUT',
      message: expect.stringContaining('0.1 seconds'),
    })
  })

  test.each([
    [
      Object.assign(new TypeError('fetch failed'), { cause: Object.assign(new Error('x'), { code: 'ENOTFOUND' }) }),
      'ENOTFOUND',
    ],
    [new Error('password=hunter2'), 'UNKNOWN'],
    ['password=hunter2', 'UNKNOWN'],
  ])('find the code of what the own fetch throws, and quote nothing else', async (error, code) => {
    const fetch = () => Promise.reject(error)
    const outcome = await requestsWith({ fetch }).send('https://id.example.com/')
    expect(outcome).toMatchObject({ code })
    expect(JSON.stringify(outcome)).not.toContain('hunter2')
  })
})
