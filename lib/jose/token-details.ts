import { quoted, quotedName } from '../base/error-cause.js'
import { omitUndefined } from '../base/json.js'
import type { TokenDetails } from '../error-details.js'
import { addToken, TokenValidationError } from '../errors.js'
import { clientOf } from './client-claims.js'
import { isDate } from './claim-rules.js'
import type { Jws } from './jws.js'

/** What identifies a token in logs. Nothing else of it is shown. */
function tokenDetails({ header, payload }: Pick<Jws, 'header' | 'payload'>): TokenDetails {
  const { alg, kid } = header
  const typ = header.typ === undefined ? undefined : quotedName(header.typ)
  const { iss, aud, exp, iat, nbf } = payload
  const texts = Object.entries({ kid, iss, aud, client: clientOf(payload) })
  return {
    ...omitUndefined({ alg: quotedName(alg), typ }),
    ...Object.fromEntries(texts.flatMap(([name, value]) => (value === undefined ? [] : [[name, quoted(value)]]))),
    ...omitUndefined({ exp: dateOf(exp), iat: dateOf(iat), nbf: dateOf(nbf) }),
  }
}

/** Runs checks of a token, and adds to their errors which token it was. */
export function describingFailures<T>(jws: Jws, check: () => T | Promise<T>): T | Promise<T> {
  try {
    const result = check()
    return result instanceof Promise ? result.catch((error: unknown) => describe(error, jws)) : result
  } catch (error) {
    return describe(error, jws)
  }
}

function describe(error: unknown, jws: Jws): never {
  if (error instanceof TokenValidationError) addToken(error, tokenDetails(jws))
  throw error
}

function dateOf(value: unknown): number | undefined {
  return isDate(value) ? value : undefined
}
