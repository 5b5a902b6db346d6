import * as v from 'valibot'
import { parseOptions, section } from '../../options/common/parse.js'
import { audience, segment, serverUrl } from '../common/fields.js'
import type { ApiOptions, ApiPreset, LoginPreset } from '../common/presets.js'

/** Where a realm of Keycloak is. */
export interface KeycloakOptions {
  /** Where browsers reach Keycloak, without `/realms/…`: `https://login.example.com`, or with a path as in `https://example.com/auth`. */
  url: string
  /** The realm's name, in upper and lower case as Keycloak has it. */
  realm: string
}

const place = {
  url: v.pipe(
    serverUrl('https://login.example.com'),
    v.check((value) => !/\/realms(\/|$)/.test(value), 'must end before "/realms": the realm goes into "realm"'),
  ),
  realm: segment('the name of a realm'),
}
const loginOptions = section(place)
const apiOptions = section({ ...place, audience })

/**
 * A realm of Keycloak: `oidc({ ...keycloak({ url, realm }), clientId, … })`.
 *
 * @example
 * ```ts
 * import { keycloak } from 'express-oidc/providers'
 *
 * app.use(oidc({ ...keycloak({ url: 'https://login.example.com', realm: 'shop' }), clientId, clientSecret, baseUrl, secret }))
 * ```
 *
 * @throws {ConfigurationError} `invalid_options`
 */
export function keycloak(options: KeycloakOptions): LoginPreset {
  return { issuer: issuerOf(parseOptions('keycloak()', loginOptions, options)) }
}

/**
 * The access tokens of a realm: `bearer(keycloak.api({ url, realm, audience }))`. An audience mapper writes `aud` into them.
 *
 * @throws {ConfigurationError} `invalid_options`
 */
keycloak.api = (options: KeycloakOptions & ApiOptions): ApiPreset => {
  const parsed = parseOptions('keycloak.api()', apiOptions, options)
  return { issuer: issuerOf(parsed), audience: parsed.audience, profile: 'jwt' }
}

function issuerOf({ url, realm }: { readonly url: string; readonly realm: string }): string {
  return `${url}/realms/${realm}`
}
