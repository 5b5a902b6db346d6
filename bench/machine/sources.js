import { ours } from '../harness/library.js'
import { client } from '../issuer/grants.js'

/** What awaiting anything costs. */
const nothing = { name: 'an async function that returns a string (limit)', source: () => async () => 'a token' }

/** What one writes by hand: no bound, no second caller while the first one waits, no clock but this. */
const byHand = {
  name: 'if (exp > now), by hand',
  source({ issuer }) {
    let kept
    const fetchToken = async () => {
      const form = { grant_type: 'client_credentials', client_id: client.clientId, client_secret: client.clientSecret }
      const answer = await fetch(`${issuer}/token`, { method: 'POST', body: new URLSearchParams(form) })
      const { access_token, expires_in } = await answer.json()
      kept = { token: access_token, exp: Date.now() + (expires_in - 30) * 1000 }
      return access_token
    }
    return async () => (kept !== undefined && kept.exp > Date.now() ? kept.token : fetchToken())
  },
}

function expressOidc(name, target) {
  return {
    name,
    async source({ issuer }) {
      const { clientCredentials } = await ours()
      const source = clientCredentials({ issuer, ...client })
      return target === undefined ? () => source.getToken() : () => source.getToken(target)
    },
  }
}

/** A source has a name and `source({ issuer })`, which gives the function that gives the token. */
export const sources = [
  nothing,
  byHand,
  expressOidc('express-oidc'),
  expressOidc('express-oidc, with a scope', { scope: 'orders:read' }),
]
