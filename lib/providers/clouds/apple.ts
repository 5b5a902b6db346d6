import { type KeyObject, createPrivateKey, sign } from 'node:crypto'
import * as v from 'valibot'
import { pemLines } from '../../options/common/private-key.js'
import { text } from '../../options/common/fields.js'
import { parseOptions, section } from '../../options/common/parse.js'
import type { TransmitterOptions } from '../../options/signals/options.js'
import type { LoginPreset } from '../common/presets.js'

/** An application of a team at Apple. */
export interface AppleOptions {
  /** The Services ID, such as `com.example.web`; not an App ID. */
  clientId: string
  /** The team's ID: ten characters. */
  teamId: string
  /** The ID of a key for Sign in with Apple: ten characters. */
  keyId: string
  /** That key: the text of the `.p8` file, in which newlines may be `\n`. */
  privateKey: string
}

/** Options of `oidc()` for Apple: the client ID, and a client secret that is signed again before it expires. */
export interface ApplePreset extends LoginPreset {
  /** Apple accepts the client secret only in the body. */
  clientAuthentication: 'client_secret_post'
  /** The Services ID. */
  clientId: string
  /** Returns the JWT that serves as client secret. A new one is signed every half hour. */
  clientSecret: () => string
}

const issuer = 'https://appleid.apple.com'

// Apple accepts up to six months. A short lifetime limits the damage if a secret ends up in a log.
const lifetimeSeconds = 3600

const tenCharacters = (what: string) =>
  v.pipe(text(what), v.regex(/^[A-Z0-9]{10}$/, `must be ${what}: ten capital letters and digits`), v.description(what))

const whatKey = 'the private key of the .p8 file (PKCS#8 PEM, P-256)'
const loginOptions = section({
  clientId: text('the Services ID'),
  teamId: tenCharacters("the team's ID"),
  keyId: tenCharacters("the key's ID"),
  privateKey: v.pipe(
    text(whatKey),
    v.transform((pem) => keyOf(pem)),
    v.check((key) => key?.asymmetricKeyDetails?.namedCurve === 'prime256v1', `must be ${whatKey}`),
    v.description(whatKey),
  ),
})

/**
 * Sign in with Apple: `oidc({ ...apple({ clientId, teamId, keyId, privateKey }), … })`. Apple's client secret is a JWT, which is
 * signed again before it expires. Apple posts the authorization response, so `baseUrl` must be https.
 *
 * @example
 * ```ts
 * import { apple } from 'express-oidc/providers'
 *
 * const key = { teamId: 'AB1C23D4EF', keyId: '12AB3C456D', privateKey: process.env.APPLE_KEY ?? '' }
 * app.use(oidc({ ...apple({ clientId: 'com.example.web', ...key }), baseUrl, secret }))
 * ```
 *
 * @throws {ConfigurationError} `invalid_options`
 */
export function apple(options: AppleOptions): ApplePreset {
  const { clientId, teamId, keyId, privateKey } = parseOptions('apple()', loginOptions, options)
  return {
    issuer,
    clientId,
    clientSecret: appleClientSecret({ clientId, teamId, keyId, privateKey }, () => Date.now()),
    clientAuthentication: 'client_secret_post',
    // Apple refuses other scopes, and wants form_post for these.
    scope: 'openid name email',
    authorizationParams: { response_mode: 'form_post' },
  }
}

/**
 * Apple's server-to-server notifications, as a transmitter of `signals()`: Apple reports when people stop using their account with the
 * application, or delete it.
 *
 * @see https://developer.apple.com/documentation/signinwithapple/processing-changes-for-sign-in-with-apple-accounts
 */
apple.signals = (): TransmitterOptions => ({
  issuer,
  jwksUri: `${issuer}/auth/keys`,
  algorithms: ['RS256'],
  profile: 'apple',
})

/** The claims and the key of a client secret. */
interface SecretParts {
  readonly clientId: string
  readonly teamId: string
  readonly keyId: string
  readonly privateKey: KeyObject | undefined
}

/** Returns the same client secret until half of its lifetime is over. */
export function appleClientSecret(
  { clientId, teamId, keyId, privateKey }: SecretParts,
  now: () => number,
): () => string {
  let secret = ''
  let renewAt = -Infinity
  let madeAt = Infinity
  return () => {
    const seconds = Math.floor(now() / 1000)
    // If the clock is set back, the age of the secret is unknown.
    if (privateKey !== undefined && (seconds >= renewAt || seconds < madeAt)) {
      madeAt = seconds
      renewAt = seconds + lifetimeSeconds / 2
      const claims = { iss: teamId, iat: seconds, exp: seconds + lifetimeSeconds, aud: issuer, sub: clientId }
      const input = `${encode({ alg: 'ES256', kid: keyId })}.${encode(claims)}`
      const key = { key: privateKey, dsaEncoding: 'ieee-p1363' } as const
      secret = `${input}.${sign('sha256', Buffer.from(input), key).toString('base64url')}`
    }
    return secret
  }
}

function encode(value: unknown): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url')
}

function keyOf(pem: string): KeyObject | undefined {
  try {
    return createPrivateKey(pemLines(pem))
  } catch {
    return undefined
  }
}
