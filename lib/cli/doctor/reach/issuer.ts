import { quoted } from '../../../base/error-cause.js'
import { isUrl } from '../../../base/url.js'
import { isLoopback } from '../../../options/common/fields.js'
import { fail, type Finding } from '../finding.js'

const check = 'issuer'

/** What is wrong with the issuer in the options, compared with what the provider calls itself. */
export function issuerFlaw(configured: string, named: unknown): Finding | undefined {
  if (configured === named) return undefined
  const both = `the options say ${quoted(configured)}, and the provider calls itself ${quoted(named)}`
  if (!isUrl(named)) {
    return fail(check, both, 'look at the provider: its metadata has no usable "issuer"')
  }
  const why = differenceOf(configured, named)
  return fail(check, `${both}: ${why}`, `give ${quoted(named)} as issuer (ISSUER), to the letter${adviceFor(why)}`)
}

const atProvider = '; or have the provider name its public URL (KC_HOSTNAME of Keycloak, for example)'

function adviceFor(why: string): string {
  return why === 'the trailing slash counts' || why === 'upper and lower case count' ? '' : atProvider
}

function differenceOf(configured: string, named: string): string {
  if (configured.replace(/\/$/, '') === named.replace(/\/$/, '')) return 'the trailing slash counts'
  if (configured.toLowerCase() === named.toLowerCase()) return 'upper and lower case count'
  const [own, theirs] = [new URL(configured), new URL(named)]
  if (own.hostname !== theirs.hostname && isLoopback(own) && isLoopback(theirs)) {
    return 'localhost and 127.0.0.1 are different names'
  }
  const parts = [
    own.protocol === theirs.protocol ? [] : ['scheme'],
    own.hostname === theirs.hostname ? [] : ['host'],
    own.port === theirs.port ? [] : ['port'],
    own.pathname === theirs.pathname ? [] : ['path'],
  ].flat()
  return `${parts.join(', ')} differ${parts.length === 1 ? 's' : ''}`
}
