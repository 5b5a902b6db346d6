import { expect, test } from '@jest/globals'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:http'
import { connect } from 'node:net'
import { listen } from '../kit/listen.js'
import { startRealProvider } from '../provider-real/provider.js'
import { root, textOf } from '../setup/tree.js'

test('requests to the provider go through the proxy of the environment, as docs/proxies.md shows', async () => {
  const [, shown = ''] =
    /(import \{ EnvHttpProxyAgent[^\n]*\n\n[^\n]*)\n[^\n]*fetch: globalThis\.fetch/.exec(textOf('docs/proxies.md')) ??
    []
  expect(shown).toContain('setGlobalDispatcher(')
  const provider = await startRealProvider({ clients: [] })
  const tunnels: string[] = []
  const server = createServer()
  server.on('connect', ({ url = '' }, socket, head) => {
    tunnels.push(url)
    const { hostname, port } = new URL(`http://${url}`)
    const target = connect(Number(port), hostname, () => {
      socket.write('HTTP/1.1 200 Connection Established\r\n\r\n')
      target.write(head)
      target.pipe(socket).pipe(target)
    })
  })
  const proxy = await listen(server)
  const program = `
    import { createBearerValidator } from 'express-oidc'
    ${shown}
    const options = { issuer: '${provider.issuer}', audience: 'https://api.test' }
    await createBearerValidator({ ...options, fetch: globalThis.fetch }).ready()
    process.exit(7)`
  const env = { PATH: process.env['PATH'], HTTP_PROXY: proxy.origin }
  const child = spawn(process.execPath, ['--input-type=module', '--eval', program], {
    cwd: root,
    env,
    stdio: 'inherit',
  })
  const [status] = (await once(child, 'exit')) as [number]
  await Promise.all([proxy.close(), provider.close()])
  expect(status).toBe(7)
  expect(new Set(tunnels)).toEqual(new Set([new URL(provider.issuer).host]))
})
