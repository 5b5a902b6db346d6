import { parseOptions, section } from '../../options/common/parse.js'
import { audience, host } from '../common/fields.js'
import type { ApiOptions, ApiPreset, LoginPreset } from '../common/presets.js'

/** Which farm of AD FS. */
export interface AdfsOptions {
  /** The federation service's name, such as `fs.example.com`. */
  host: string
}

const place = { host: host('fs.example.com') }
const loginOptions = section(place)
const apiOptions = section({ ...place, audience })

/**
 * AD FS of Windows Server 2016 and later: `oidc({ ...adfs({ host }), clientId, … })`.
 *
 * @example
 * ```ts
 * import { adfs } from 'express-oidc/providers'
 *
 * app.use(oidc({ ...adfs({ host: 'adfs.example.com' }), clientId, clientSecret, baseUrl, secret }))
 * ```
 *
 * @throws {ConfigurationError} `invalid_options`
 */
export function adfs(options: AdfsOptions): LoginPreset {
  return { issuer: `https://${parseOptions('adfs()', loginOptions, options).host}/adfs` }
}

/**
 * Access tokens for a Web API: `bearer(adfs.api({ host, audience }))`. Their `iss` differs from the
 * issuer, and is an http URL; the audience is the Web API's identifier, with `microsoft:identityserver:` before it. People are identified by `upn`,
 * which a rule of the Web API has to issue: AD FS writes no `sub` into access tokens.
 *
 * @throws {ConfigurationError} `invalid_options`
 */
adfs.api = (options: AdfsOptions & ApiOptions): ApiPreset => {
  const { host: name, audience: whom } = parseOptions('adfs.api()', apiOptions, options)
  return {
    issuer: `https://${name}/adfs`,
    issuerAliases: [`http://${name}/adfs/services/trust`],
    audience: whom,
    profile: 'jwt',
    subject: { claim: 'upn', client: true },
  }
}
