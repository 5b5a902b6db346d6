import { describe, expect, test } from '@jest/globals'
import { forwardingOf, restOf } from '../../lib/proxy/forwarding.js'
import { failureOf } from '../kit/failure.js'

type Request = Parameters<typeof restOf>[0]
type Place = Parameters<typeof forwardingOf>[1]

function request(members: Partial<Request> = {}): Request {
  return { headers: {}, rawHeaders: [], httpVersionMajor: 1, ...members } as Request
}

/** What is sent to an API for a request. */
function forwarded(req: Request, rest: string, upstream = { origin: 'https://api.example.com', basePath: '/v1' }) {
  const call = { req } as Parameters<typeof forwardingOf>[0]['call']
  const admission = { csrf: { header: 'x-csrf' } } as Parameters<typeof forwardingOf>[0]['admission']
  const configuration = { mountPath: '/api', allowEncodedSlashes: false } as Place['configuration']
  return forwardingOf({ call, admission, rest }, { configuration, upstream: upstream as Place['upstream'] })
}

describe('the part of a target that is for the API', () => {
  test.each([
    ['/api', '/'],
    ['/api?a=1', '/?a=1'],
    ['/api/orders?a=1', '/orders?a=1'],
    ['/apis', undefined],
    ['/other', undefined],
    [undefined, undefined],
  ])('of %s below /api is %s', (originalUrl, rest) => {
    expect(restOf(request(originalUrl === undefined ? {} : { originalUrl }), '/api')).toBe(rest)
  })

  test('is what the framework has left where it knows the mount path', () => {
    expect(restOf(request({ originalUrl: '/api/orders', url: '/orders' }), undefined)).toBe('/orders')
    expect(restOf(request(), undefined)).toBe('/')
  })
})

describe('a request that goes on', () => {
  test('is a GET where it does not say otherwise', () => {
    const { request: sent, url, prefix } = forwarded(request({ url: '/api/orders?a=1' }), '/orders?a=1')
    expect(sent).toMatchObject({ method: 'GET', path: '/v1/orders?a=1', body: null })
    expect([url.href, prefix]).toEqual(['https://api.example.com/v1/orders?a=1', '/api'])
  })

  test.each([
    ['leads to another host', '@evil.example'],
    ['leads out of the base path', '/v1/..'],
  ])('is refused where its URL %s', async (_what, basePath) => {
    const upstream = { origin: 'https://api.example.com', basePath }
    const error = await failureOf(() => forwarded(request({ url: '/api/orders' }), '/orders', upstream))
    expect(error).toMatchObject({ code: 'not_forwarded', status: 400 })
  })
})
