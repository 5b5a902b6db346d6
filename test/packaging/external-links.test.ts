import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { createServer } from 'node:http'
import { deadLinks, externalLinks } from '../../scripts/links/external.js'
import { listen } from '../kit/listen.js'

describe('the check of links to other hosts', () => {
  test('finds them outside of code, once each and without anchors', () => {
    const text = `[a](https://a.org/b#c), https://a.org/b. \`https://code.org\` <https://d.org/e>

\`\`\`sh
curl https://in-code.org
\`\`\`

[ours](https://github.com/express-oidc/express-oidc/issues) [yours](https://app.example.com/x) [f]: https://f.org/g?h=1`
    expect(externalLinks(text)).toEqual(['https://a.org/b', 'https://d.org/e', 'https://f.org/g?h=1'])
  })

  describe('asks for them', () => {
    let site: { readonly origin: string; readonly close: () => Promise<void> }
    beforeAll(async () => {
      site = await listen(
        createServer(({ url }, res) => {
          if (url === '/moved') return res.writeHead(301, { Location: '/page' }).end()
          if (url === '/hangs') return res.flushHeaders === undefined
          return res.writeHead(Number(/\d+/.exec(url ?? '')?.[0] ?? 200)).end()
        }),
      )
    })
    afterAll(() => site.close())
    const check = async (paths: readonly string[], options?: { readonly seconds: number }) => {
      const dead = await deadLinks(
        paths.map((path) => `${site.origin}${path}`),
        options,
      )
      return dead.map(({ url, why }) => [url.slice(site.origin.length), why]).sort()
    }

    test('and takes pages, redirects and hosts that refuse programs for alive', async () => {
      expect(await check(['/page', '/moved', '/403', '/429', '/401'])).toEqual([])
    })

    test('and names those that are gone, and why', async () => {
      expect(await check(['/404', '/page', '/500'])).toEqual([
        ['/404', 'status 404'],
        ['/500', 'status 500'],
      ])
      expect(await check(['/hangs'], { seconds: 0.3 })).toEqual([['/hangs', 'TimeoutError']])
      const gone = site.origin.replace(/\d+$/, '1')
      expect(await deadLinks([gone])).toEqual([{ url: gone, why: expect.any(String) }])
    })
  })
})
