// Links to other hosts, and which of them lead nowhere.

const fence = /^ *(```+)[\s\S]*?^ *\1 *$/gm
const code = /`[^`\n]*`/g
const address = /https:\/\/[^\s<>"'`)\]|]+/g
// Names that stand for hosts of the reader's (RFC 2606), and pages that exist only once a version is published.
const notOurs = /^https:\/\/(?:[^/]*\.)?(?:example(?:\.\w+)?|test|localhost)(?:[:/]|$)/
const ours =
  /^https:\/\/(?:github\.com\/express-oidc|express-oidc\.github\.io|(?:www\.)?npmjs\.com\/package\/express-oidc)\b/

/** Addresses of other hosts in a Markdown text, outside of code and without anchors. */
export function externalLinks(text) {
  const found = text.replace(fence, '').replace(code, '').match(address) ?? []
  const clean = found.map((url) => url.replace(/[.,;:]+$/, '').replace(/#.*$/, ''))
  return [...new Set(clean)].filter((url) => !notOurs.test(url) && !ours.test(url))
}

/**
 * Asks for each address, a few at once.
 *
 * @returns what does not answer with a page: `{ url, why }`. A host that refuses programs (401, 403, 429) is taken as there
 */
export async function deadLinks(urls, { fetch = globalThis.fetch, seconds = 20, atOnce = 8 } = {}) {
  const dead = []
  const rest = [...urls]
  const work = async () => {
    for (let url = rest.shift(); url !== undefined; url = rest.shift()) {
      const why = await faultOf(url, fetch, seconds)
      if (why !== undefined) dead.push({ url, why })
    }
  }
  await Promise.all(Array.from({ length: atOnce }, work))
  return dead
}

async function faultOf(url, fetch, seconds) {
  try {
    const response = await fetch(url, { redirect: 'follow', signal: AbortSignal.timeout(seconds * 1000) })
    await response.body?.cancel()
    return response.ok || [401, 403, 429].includes(response.status) ? undefined : `status ${response.status}`
  } catch (error) {
    return error.cause?.code ?? error.name
  }
}
