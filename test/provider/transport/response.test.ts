import { afterEach, describe, expect, jest, test } from '@jest/globals'
import { HttpResponse } from '../../../lib/provider/transport/response.js'

const response = (status = 200, text = '{"a":1}') =>
  new HttpResponse(status, { 'content-type': 'application/json', 'content-encoding': 'gzip' }, text).toResponse()

describe('a response with its whole body', () => {
  test('has the status and the headers, except those of an encoding that is removed', () => {
    const { status, ok, headers } = response(201)
    expect([status, ok, [...headers]]).toEqual([201, true, [['content-type', 'application/json']]])
    expect(response(400).ok).toBe(false)
  })

  test('can be read in every way, and again', async () => {
    const read = response()
    expect(await read.text()).toBe('{"a":1}')
    expect(await read.json()).toEqual({ a: 1 })
    expect(await read.clone().text()).toBe('{"a":1}')
    expect(await (await read.blob()).text()).toBe('{"a":1}')
    expect(new TextDecoder().decode(await read.arrayBuffer())).toBe('{"a":1}')
    expect(Buffer.from(await read.bytes()).toString()).toBe('{"a":1}')
    expect([read.bodyUsed, read.body]).toEqual([false, null])
    await expect(read.formData()).rejects.toThrow(TypeError)
  })

  test('can have another JSON body', async () => {
    const changed = new HttpResponse(200, {}, '{"a":1}').toResponse({ json: { b: 2 } })
    expect([await changed.json(), await changed.text()]).toEqual([{ b: 2 }, '{"b":2}'])
    expect(await changed.clone().json()).toEqual({ b: 2 })
  })

  test('rejects json() if it is not JSON', async () => {
    await expect(response(204, '').json()).rejects.toThrow(SyntaxError)
  })
})

describe('the tag of a response is that of the global Response', () => {
  const native = globalThis.Response
  afterEach(() => {
    globalThis.Response = native
    jest.restoreAllMocks()
  })

  test.each([
    ['of the runtime', native, 'Response'],
    [
      'with another tag',
      class {
        readonly [Symbol.toStringTag] = 'Own'
      },
      undefined,
    ],
    ['without one', class {}, undefined],
  ])('%s', (_whose, foreign, tag) => {
    globalThis.Response = foreign as unknown as typeof Response
    expect(Reflect.get(response(), Symbol.toStringTag)).toBe(tag)
  })
})
