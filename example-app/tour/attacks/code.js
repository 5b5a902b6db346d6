import { shorten } from '../../timeline/secrets.js'
import { otherBrowser } from '../other-browser.js'
import { signIn, signOut, whoIs } from '../person.js'
import { tell } from '../tell.js'

/** @type {import('./attacks.js').Attack} */
export const stolenCode = {
  id: 'stolen-code',
  title: 'Replay an authorization code',
  how: 'The attacker reads the address that the provider sends the victim back to, with the code in it, and is faster.',
  async run(tour) {
    const { app, issuer, clientId } = tour
    const { browser: victim, end } = await signIn(app, 'bob', { stopAtCallback: true })
    const callback = end.location ?? ''
    const code = new URL(callback).searchParams.get('code') ?? ''
    const request = 'GET /callback'
    const carried = /** @type {[string, string][]} */ ([['code', shorten(code)]])

    const thief = otherBrowser()
    const first = await thief.send(callback)
    const unknown = await whoIs(app, thief)
    const lines = [
      tell(tour, {
        what: 'The attacker opens the address first',
        request,
        carried,
        status: first.status,
        isOpen: unknown.status < 400,
        said: 'This login began in another browser, and is not finished in this one.',
      }),
    ]

    const body = new URLSearchParams({
      grant_type: 'authorization_code',
      code,
      redirect_uri: `${app}/callback`,
      client_id: clientId,
    })
    const atProvider = await fetch(`${issuer}/token`, { method: 'POST', body })
    const { error = '' } = Object(await atProvider.json())
    const said = `No client secret, no code verifier, no tokens: ${error}.`
    lines.push({
      what: 'The attacker sends the code to the provider',
      status: atProvider.status,
      isOpen: atProvider.ok,
      said,
    })

    await victim.open(callback)
    const owner = await whoIs(app, victim)
    lines.push(
      tell(tour, {
        what: 'Bob opens it',
        request,
        carried,
        status: owner.status,
        said: `Signed in as ${owner.name}, as he should be.`,
      }),
    )

    const again = await thief.send(callback)
    const late = await whoIs(app, thief)
    lines.push(
      tell(tour, {
        what: 'The attacker opens it after Bob',
        request,
        carried,
        status: again.status,
        isOpen: late.status < 400,
        said: 'The code works once.',
      }),
    )
    await signOut(app, victim)
    return lines
  },
}
