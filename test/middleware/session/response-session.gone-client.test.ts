import { afterEach, expect, test } from '@jest/globals'
import { once } from 'node:events'
import { connect, createServer } from 'node:http2'
import type { AddressInfo } from 'node:net'
import type { AppRequest } from '../../kit/app.js'
import { failureOf } from '../../kit/failure.js'
import { cookieOf, type RefreshWorld, startRefreshWorld } from '../../kit/world/refreshing.js'

let world: RefreshWorld
let close: () => void = () => undefined
afterEach(async () => {
  close()
  await world.close()
})

test('over HTTP/2, the refresh token is not used for a client that has gone', async () => {
  world = await startRefreshWorld()
  await world.enter(world.browser)
  world.clock.advance(700)

  const server = createServer()
  const failure = new Promise((resolve) => {
    server.on('request', (req, res) => {
      stream.close()
      world.app(req as never, res as never, async () => {
        await once(res, 'close')
        resolve(await failureOf((req as never as AppRequest).oidc.accessToken()))
      })
    })
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  const client = connect(`http://127.0.0.1:${(server.address() as AddressInfo).port}`)
  close = () => {
    client.destroy()
    server.close()
  }
  const { host } = new URL(world.url('/'))
  const stream = client.request({ ':path': '/', ':authority': host, ...cookieOf(world.browser, world) })

  expect(await failure).toMatchObject({ code: 'headers_already_sent' })
  expect(world.refreshes).toHaveLength(0)
})
