import * as v from 'valibot'
import { text } from '../../options/common/fields.js'
import { parseOptions, section } from '../../options/common/parse.js'
import { host } from '../common/fields.js'
import type { ApiPreset, LoginPreset } from '../common/presets.js'

/** A user pool of Amazon Cognito. */
export interface CognitoOptions {
  /** The user pool's ID, which begins with its region, such as `eu-west-1_AbCdEf123`. */
  userPoolId: string
}

/** How to sign in with Amazon Cognito. */
export interface CognitoLoginOptions extends CognitoOptions {
  /** The domain of the user pool's pages: `example.auth.eu-west-1.amazoncognito.com`, or a custom domain. */
  domain: string
}

/** Which access tokens of a user pool an API accepts. */
export interface CognitoApiOptions extends CognitoOptions {
  /** IDs of the app clients whose tokens are accepted: Cognito's access tokens have no `aud`. */
  clients: readonly string[]
}

const what = 'the ID of a user pool, such as "eu-west-1_AbCdEf123"'
const poolPattern = /^([a-z]{2}(?:-[a-z]+)+-\d+)_[A-Za-z0-9]+$/
const place = {
  userPoolId: v.pipe(
    text(what),
    v.regex(poolPattern, `must be ${what}: its region, an underscore, and the pool; neither its name nor its ARN`),
    v.description(what),
  ),
}
const loginOptions = section({ ...place, domain: host('example.auth.eu-west-1.amazoncognito.com') })
const apiOptions = section({
  ...place,
  clients: v.pipe(
    v.array(text("an app client's ID"), 'must be a list of app client IDs'),
    v.minLength(1, 'must name at least one app client'),
    v.description('a list of app client IDs'),
  ),
})

/**
 * A user pool of Amazon Cognito: `oidc({ ...cognito({ userPoolId, domain }), clientId, … })`. A logout uses
 * Cognito's own page and parameters. If you set `logout` yourself, include the preset's: `{ ...preset.logout, … }`.
 *
 * @example
 * ```ts
 * import { cognito } from 'express-oidc/providers'
 *
 * const pool = { userPoolId: 'eu-west-1_AbCdEf123', domain: 'shop.auth.eu-west-1.amazoncognito.com' }
 * app.use(oidc({ ...cognito(pool), clientId, clientSecret, baseUrl, secret }))
 * ```
 *
 * @throws {ConfigurationError} `invalid_options`
 */
export function cognito(options: CognitoLoginOptions): LoginPreset {
  const { userPoolId, domain } = parseOptions('cognito()', loginOptions, options)
  return {
    issuer: issuerOf(userPoolId),
    metadata: { end_session_endpoint: `https://${domain}/logout` },
    logout: { redirectParameter: 'logout_uri' },
  }
}

/**
 * Access tokens of a user pool's app clients: `bearer(cognito.api({ userPoolId, clients }))`.
 *
 * @throws {ConfigurationError} `invalid_options`
 */
cognito.api = (options: CognitoApiOptions): ApiPreset => {
  const { userPoolId, clients } = parseOptions('cognito.api()', apiOptions, options)
  return { issuer: issuerOf(userPoolId), audience: null, clients, profile: 'jwt' }
}

function issuerOf(userPoolId: string): string {
  const region = poolPattern.exec(userPoolId)?.[1] ?? ''
  const zone = region.startsWith('cn-') ? 'amazonaws.com.cn' : 'amazonaws.com'
  return `https://cognito-idp.${region}.${zone}/${userPoolId}`
}
