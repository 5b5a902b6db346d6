import { parseOptions, section } from '../../options/common/parse.js'
import * as v from 'valibot'
import { serverUrl } from '../common/fields.js'
import type { LoginPreset } from '../common/presets.js'

/** Where GitLab is. */
export interface GitlabOptions {
  /** A self-managed instance. @default 'https://gitlab.com' */
  url?: string | undefined
}

const loginOptions = section({ url: v.optional(serverUrl('https://gitlab.example.com'), 'https://gitlab.com') })

/**
 * GitLab: `oidc({ ...gitlab(), clientId, … })`.
 *
 * @throws {ConfigurationError} `invalid_options`
 */
export function gitlab(options: GitlabOptions = {}): LoginPreset {
  return { issuer: parseOptions('gitlab()', loginOptions, options).url }
}
