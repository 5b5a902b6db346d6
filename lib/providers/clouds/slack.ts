import type { LoginPreset } from '../common/presets.js'

/**
 * Sign in with Slack: `oidc({ ...slack(), clientId, … })`.
 *
 * @example
 * ```ts
 * import { slack } from 'express-oidc/providers'
 *
 * app.use(oidc({ ...slack(), clientId, clientSecret, baseUrl, secret }))
 * ```
 */
export function slack(): LoginPreset {
  return { issuer: 'https://slack.com' }
}
