import type { AppResponse } from './agent.js'

/** Where a page goes on by itself: the application sends one where a redirect would lose a browser's cookies. */
export function onwardUrl(page: string): string | undefined {
  const [, url] = /<meta http-equiv="refresh" content="0;url=([^"]+)"/.exec(page) ?? []
  return url === undefined ? undefined : textOf(url)
}

function textOf(html: string): string {
  return html
    .replaceAll('&#39;', "'")
    .replaceAll('&quot;', '"')
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&amp;', '&')
}

/** Where a page has people choose a provider, for a message. */
export function choiceIn(page: string): string {
  const [, path] = /href="([^"?]*\/login\/[^"?]+)/.exec(page) ?? []
  return path === undefined ? '' : `, where people choose a provider (give signIn() { path: '${path}' })`
}

/** That the sender is `fetch` of Node, which replaces `Sec-Fetch-Mode`, for a message. */
export function windowIn({ status, text }: AppResponse): string {
  const isFetched = status === 401 && text.includes('a login needs a browser window')
  return isFetched
    ? ' (requests by fetch() of Node do not look like those of a browser window: give signIn() the URL instead)'
    : ''
}

/** The start of a page's text as a person reads it: the code of an error is at its end. */
export function start(text: string): string {
  const body = /^\s*</.test(text) ? withoutMarkup(text) : text
  return body.replaceAll(/\s+/g, ' ').trim().slice(0, 300)
}

function withoutMarkup(page: string): string {
  const shown = page.replaceAll(/<(head|script)\b[^>]*>[\s\S]*?<\/\1>/gi, ' ').replaceAll(/<[^>]*>/g, ' ')
  return textOf(shown)
}
