import { expect, test } from '@jest/globals'
import { describeWith } from '../../setup/describe-with.js'
import { startApplication } from './application.js'
import { setTabs } from './tab.js'

describeWith('chromium', 'apiFetch()', (path) => {
  const tabs = setTabs(path)

  test.each([
    ['a path', `'/api'`, 'GET /api'],
    ['a relative URL', `'api?x=1'`, 'GET /sub/api?x=1'],
    ['a URL', `new URL('/api', location.href)`, 'GET /api'],
    ['a Request', `new Request('/api', { method: 'PUT', body: 'x' })`, 'PUT /api'],
    ['a Request and options', `new Request('/api'), { method: 'DELETE' }`, 'DELETE /api'],
    ['a Request that is made for other origins', `new Request('/api', { mode: 'no-cors' })`, 'GET /api'],
  ])('sends the header for csrf() with %s', async (_what, given, line) => {
    const { run } = await tabs.open('/sub/page')
    await run(`client.apiFetch(${given}).then(({ status }) => status)`)
    const request = tabs.application().seen.find((each) => each.line === line)
    expect(request?.headers).toMatchObject({ 'x-csrf': '1', 'sec-fetch-site': 'same-origin' })
    expect(request?.headers).not.toHaveProperty('x-poll')
  })

  test('keeps the headers, the method and the body of the call', async () => {
    const { run } = await tabs.open()
    await run(
      `client.apiFetch('/api', { method: 'POST', headers: { 'Content-Type': 'text/x' }, body: new Blob(['typed']) })`,
    )
    const request = tabs.application().seen.find(({ line }) => line === 'POST /api')
    expect(request).toMatchObject({ headers: { 'content-type': 'text/x' }, body: 'typed' })
  })

  test('passes a stream on as fetch() does', async () => {
    const { run } = await tabs.open()
    const send = (fetch: string) =>
      `${fetch}('/api', { method: 'POST', duplex: 'half', body: new Blob(['x']).stream() }).catch(({ name }) => name)`
    // Over HTTP/1.1, Chromium has no streams for requests at all.
    expect(await run(send('client.apiFetch'))).toBe(await run(send('fetch')))
  })

  test.each([
    ['a URL', (origin: string) => origin],
    ['two slashes', (origin: string) => origin.replace('http:', '')],
    ['two backslashes', (origin: string) => origin.replace('http://', '\\\\')],
    ['white space before them', (origin: string) => ` \t${origin.replace('http:', '')}`],
    ['a scheme without slashes', (origin: string) => origin.replace('http://', 'https:')],
  ])('SP11: refuses another origin by %s, before anything is sent', async (_how, spell) => {
    const elsewhere = await startApplication()
    const { run } = await tabs.open()
    const call = `client.apiFetch(${JSON.stringify(spell(`${elsewhere.origin}/api`))})`
    expect(await run(`${call}.catch(({ name, message }) => name + ': ' + message)`)).toMatch(
      /^TypeError: requests go to http:\/\/127\S+ only, not to \S+: use fetch\(\)/,
    )
    expect(elsewhere.seen).toEqual([])
    await elsewhere.close()
  })

  test('SP11: refuses a redirect to another origin, which fetch() would follow with the header and the body', async () => {
    const elsewhere = await startApplication()
    elsewhere.at('/steal', (_req, res) =>
      res
        .writeHead(200, { 'Access-Control-Allow-Origin': '*', 'Access-Control-Allow-Headers': 'x-csrf, x-own' })
        .end('seen'),
    )
    tabs.application().at('/moved', (_req, res) => res.writeHead(307, { Location: `${elsewhere.origin}/steal` }).end())
    const { run } = await tabs.open()
    const init = `{ method: 'POST', headers: { 'X-Own': '1' }, body: 'typed' }`
    expect(await run(`client.apiFetch('/moved', ${init}).catch(({ name }) => name)`)).toBe('TypeError')
    expect(elsewhere.seen).toEqual([])
    expect(await run(`fetch('/moved', ${init}).then((response) => response.text())`)).toBe('seen')
    expect(elsewhere.seen.at(-1)).toMatchObject({ headers: { 'x-own': '1' }, body: 'typed' })
    await elsewhere.close()
  })

  test('follows a redirect within the origin with the header', async () => {
    tabs.application().at('/moved', (_req, res) => res.writeHead(302, { Location: '/api' }).end())
    const { run } = await tabs.open()
    expect(await run(`client.apiFetch('/moved').then(({ url }) => url)`)).toBe(`${tabs.application().origin}/api`)
    expect(tabs.application().seen.at(-1)).toMatchObject({ line: 'GET /api', headers: { 'x-csrf': '1' } })
  })

  test('ends with the signal of the call', async () => {
    tabs.application().at('/slow', () => undefined)
    const { run } = await tabs.open()
    const call = `client.apiFetch('/slow', { signal: AbortSignal.abort() })`
    expect(await run(`${call}.catch(({ name }) => name)`)).toBe('AbortError')
    expect(
      await run(
        `new Promise((resolve) => {
          const own = new AbortController()
          client.apiFetch('/slow', { signal: own.signal }).catch(({ name }) => resolve(name))
          own.abort()
        })`,
      ),
    ).toBe('AbortError')
  })

  test('marks a poll, which does not count as use of the session', async () => {
    const { run } = await tabs.open()
    await run(`client.apiFetch('/api', { poll: true })`)
    expect(tabs.application().seen.at(-1)?.headers).toMatchObject({ 'x-csrf': '1', 'x-poll': '1' })
  })
})
