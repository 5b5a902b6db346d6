import { isAllowedUrl } from '../../../options/common/fields.js'
import type { ApplicationConfiguration } from '../../../options/oidc/schema.js'
import type { Surroundings } from '../../../options/surroundings.js'
import { configuredUrls } from '../../../relying-party/base-url.js'
import type { ClientConfiguration } from '../configurations.js'
import { fail, type Finding, ok, unknown, warn } from '../finding.js'

/** Looks at what concerns the application whatever its provider, without any request. */
export function checkApplication(
  configuration: ApplicationConfiguration,
  clients: readonly ClientConfiguration[],
  surroundings: Surroundings,
): readonly Finding[] {
  const urls = configuredUrls(configuration).map((url) => new URL(url))
  return [
    baseUrl(urls),
    nodeEnv(urls, surroundings),
    secret(configuration.secret, clients),
    hosts(configuration),
    ...proxy(clients, surroundings),
  ]
}

function baseUrl(urls: readonly URL[]): Finding {
  const check = 'base-url'
  const list = urls.map(({ href }) => href).join(', ')
  if (urls.every(({ protocol }) => protocol === 'https:')) {
    return ok(check, `${list} is https: cookies are Secure, whether this process or a proxy ends TLS`)
  }
  if (urls.every((url) => isAllowedUrl(url, false))) {
    return ok(check, `${list} is of this machine, so plain http does for development`)
  }
  const fix = 'give an https URL, and remove "dangerouslyAllowHttp"'
  return fail(
    check,
    `${list} is plain http: cookies are not Secure, and anyone on the network can read and use them`,
    fix,
  )
}

function nodeEnv(urls: readonly URL[], { nodeEnv: value }: Surroundings): Finding {
  const check = 'node-env'
  const isLive = urls.some(({ protocol }) => protocol === 'https:')
  const shown =
    value === undefined ? 'NODE_ENV is not set' : `NODE_ENV is ${value === 'production' ? value : 'not production'}`
  if (isLive && value !== 'production') {
    const fix = 'set NODE_ENV=production where the application runs: Express shows stack traces to browsers otherwise'
    return warn(check, `${shown} here, and the base URL is https`, fix)
  }
  if (!isLive && value === 'production') {
    return warn(
      check,
      `${shown}, and the base URL is of this machine`,
      'give the URL that browsers elsewhere have (BASE_URL)',
    )
  }
  return ok(check, `${shown}, which suits ${isLive ? 'a public base URL' : 'a base URL of this machine'}`)
}

const madeUp = /secret|passw|change|example|keyboard|default|qwerty|12345|dummy|sample/i
const minBits = 100

function secret(secrets: readonly string[], clients: readonly ClientConfiguration[]): Finding {
  const check = 'secret'
  const fix =
    'make one with "openssl rand -base64 48" (SESSION_SECRET), and keep the old one behind it until sessions have ended'
  const isShared = clients.some(({ configuration }) => secrets.some((each) => each === configuration.clientSecret))
  if (isShared) return fail(check, '"secret" is the client secret too: the provider could open every session', fix)
  const [newest = ''] = secrets
  if (madeUp.test(newest)) return warn(check, '"secret" has a word in it, so it is hardly random', fix)
  if (bitsOf(newest) < minBits) return warn(check, '"secret" repeats too few characters to be random', fix)
  const older = secrets.length === 1 ? '' : `, and ${secrets.length - 1} older, which only decrypt`
  return ok(check, `"secret" is long, and looks random${older}`)
}

// Shannon's entropy of the characters: an upper bound for how hard a text of this kind is to guess.
function bitsOf(text: string): number {
  const counts = new Map<string, number>()
  for (const character of text) counts.set(character, (counts.get(character) ?? 0) + 1)
  const shares = [...counts.values()].map((count) => count / text.length)
  return -text.length * shares.reduce((sum, share) => sum + share * Math.log2(share), 0)
}

function hosts({ baseUrlOf }: ApplicationConfiguration): Finding {
  const check = 'proxies'
  if (baseUrlOf === undefined) {
    return ok(check, 'URLs are built from the base URL, never from Host or X-Forwarded-*: no "trust proxy" is needed')
  }
  const fix = 'have it read only what your own proxy sets, and have that proxy remove what clients send'
  return unknown(check, 'a function chooses the base URL of a request', fix)
}

function proxy(clients: readonly ClientConfiguration[], { proxyVariable }: Surroundings): readonly Finding[] {
  const isDirect = clients.some(({ configuration }) => configuration.fetch === undefined)
  if (proxyVariable === undefined || !isDirect) return []
  const message = `${proxyVariable} is set, and requests to the provider do not go through it`
  const fix = 'if there is no other way out of this network, give a "fetch" that uses the proxy'
  return [warn('proxies', message, fix)]
}
