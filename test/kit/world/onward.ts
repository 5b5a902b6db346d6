import type { Answer } from '../../hosts/client.js'

/** Where a page leads that goes on by itself, as a whole URL. */
export function onwardUrl({ url, status, text }: Answer): string {
  const [, escaped] = /<meta http-equiv="refresh" content="0;url=([^"]*)">/.exec(text) ?? []
  if (escaped === undefined) throw new Error(`no page that goes on: ${status} ${text}`)
  const target = escaped.replaceAll('&#39;', "'").replaceAll('&amp;', '&')
  return new URL(target, url).href
}
