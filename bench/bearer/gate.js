import { createMint, forged } from '../issuer/tokens.js'

/** What every contender has to refuse, to be measured at all. */
export function badTokens(trust) {
  const mint = createMint(trust)
  const now = Math.floor(Date.now() / 1000)
  return {
    'an expired token': mint({ iat: now - 7200, exp: now - 3600 }),
    'a wrong audience': mint({ aud: 'https://other.example.com' }),
    'a wrong issuer': mint({ iss: 'https://other.example.com' }),
    'a bad signature': forged(mint()),
  }
}

/**
 * Tries one contender out.
 *
 * @param accepts - gives whether a token gets in
 * @returns what it does wrong, or `undefined`
 */
export async function fault(trust, accepts) {
  const good = createMint(trust)()
  // Several times, since some answers come from a cache.
  for (let i = 0; i < 4; i++) if (!(await accepts(good))) return 'refuses a good token'
  if (await accepts(forged(good))) return 'accepts a bad signature after the good one'
  for (const [what, token] of Object.entries(badTokens(trust))) {
    for (let i = 0; i < 3; i++) if (await accepts(token)) return `accepts ${what}`
  }
  return undefined
}

/** Whether what one caller does to the claims is seen by the next. */
export async function sharesClaims(trust, validate) {
  const token = createMint(trust)()
  for (let i = 0; i < 4; i++) {
    const claims = claimsOf(await validate(token))
    try {
      claims.sub = 'changed'
      claims.roles.push('admin')
    } catch {
      // Frozen: just as good.
    }
  }
  const { sub, roles } = claimsOf(await validate(token))
  return sub === 'changed' || roles.includes('admin')
}

function claimsOf(result) {
  return result.claims ?? result.payload ?? result
}
