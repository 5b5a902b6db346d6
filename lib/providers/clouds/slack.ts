import type { LoginPreset } from '../common/presets.js'

/** Sign in with Slack: `oidc({ ...slack(), clientId, … })`. */
export function slack(): LoginPreset {
  return { issuer: 'https://slack.com' }
}
