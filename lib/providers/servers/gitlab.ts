import { parseOptions, section } from '../../options/common/parse.js'
import * as v from 'valibot'
import { audience, serverUrl } from '../common/fields.js'
import type { ApiOptions, ApiPreset, LoginPreset } from '../common/presets.js'

/** Where GitLab is. */
export interface GitlabOptions {
  /** A self-managed instance. @default 'https://gitlab.com' */
  url?: string | undefined
}

const place = { url: v.optional(serverUrl('https://gitlab.example.com'), 'https://gitlab.com') }
const loginOptions = section(place)
const apiOptions = section({ ...place, audience })

/**
 * GitLab: `oidc({ ...gitlab(), clientId, … })`.
 *
 * @example
 * ```ts
 * import { gitlab } from 'express-oidc/providers'
 *
 * app.use(oidc({ ...gitlab(), clientId, clientSecret, baseUrl, secret }))
 * ```
 *
 * @throws {ConfigurationError} `invalid_options`
 */
export function gitlab(options: GitlabOptions = {}): LoginPreset {
  return { issuer: parseOptions('gitlab()', loginOptions, options).url }
}

/**
 * ID tokens of CI/CD jobs (`id_tokens`), which call an API out of a pipeline: `bearer(gitlab.api({ audience }))`. Not in a process in
 * which people sign in with the same GitLab. Access tokens of people are for GitLab's own API.
 *
 * @throws {ConfigurationError} `invalid_options`
 */
gitlab.api = (options: GitlabOptions & ApiOptions): ApiPreset => {
  const { url, audience: whom } = parseOptions('gitlab.api()', apiOptions, options)
  return { issuer: url, audience: whom, profile: 'external' }
}
