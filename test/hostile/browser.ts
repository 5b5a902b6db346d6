import { type Answer, Browser } from '../hosts/client.js'

/** A browser to which each origin is another site; a proxy ends TLS before the application. */
export function newBrowser(): Browser {
  return new Browser({ isBehindProxy: true, isOriginSite: true })
}

/**
 * Navigates by a link of the site itself, and on through every redirect and every form that posts itself. What has once left
 * its site stays cross-site, as browsers have it.
 */
export async function walk(browser: Browser, url: string): Promise<Answer> {
  let page = await browser.navigate(url, { site: 'same-origin', follow: true })
  for (let forms = 0; forms < 10; forms += 1) {
    const [, action] = /<form method="post" action="([^"]*)"/.exec(page.text) ?? []
    if (action === undefined) return page
    page = await browser.navigate(unescape(action), { body: fieldsOf(page), site: 'cross-site', follow: true })
  }
  throw new Error(`too many forms, at last on ${page.url}`)
}

/** Loads a frame, into a page of the same site or of another. */
export function loadFrame(browser: Browser, url: string, site: 'same-site' | 'cross-site'): Promise<Answer> {
  return browser.request('iframe', url, { site })
}

function fieldsOf({ text }: Answer): URLSearchParams {
  const fields = [...text.matchAll(/name="([^"]*)" value="([^"]*)"/g)]
  return new URLSearchParams(fields.map(([, name, value]): [string, string] => [unescape(name), unescape(value)]))
}

function unescape(text = ''): string {
  return text.replaceAll('&quot;', '"').replaceAll('&lt;', '<').replaceAll('&amp;', '&')
}
