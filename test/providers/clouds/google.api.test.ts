import { describe, expect, test } from '@jest/globals'
import { google } from '../../../lib/providers/clouds/google.js'
import { apiContract } from '../../kit/stand-in/contract.js'
import type { Deviations } from '../../kit/stand-in/deviations.js'
import { presentedTo, startWalk } from '../../kit/stand-in/walk.js'
import { refusesWrongInput } from '../../kit/stand-in/wrong-input.js'

const issuer = 'https://accounts.google.com'
const audience = 'https://orders.example.com'
const sub = '103245643212345678901'

// Google Cloud's "Get an ID token": azp is the account's ID as sub is, and nothing else tells it from a person's ID Token.
const row: Deviations = {
  issuer,
  sub,
  apiToken: { sub, aud: audience, azp: sub, email: 'job@shop.iam.gserviceaccount.com', email_verified: true },
}

describe('google.api()', () => {
  const preset = google.api({ audience })
  apiContract({
    row,
    preset,
    principal: { subject: sub },
    foreign: { aud: 'https://other.example.com' },
    reason: 'for another audience',
    idToken: { sub, aud: audience, nonce: 'n', at_hash: 'x' },
  })

  test('accepts the old spelling of the issuer for the same issuer', async () => {
    expect(await presentedTo(row, preset, { iss: 'accounts.google.com' })).toMatchObject({ issuer, subject: sub })
  })

  refusesWrongInput([['no audience', () => google.api({} as never), '"audience" is missing']])

  // Last: a login stays known to its process.
  test('refuses all tokens if people sign in with Google, too', async () => {
    await startWalk(row, google())
    expect(await presentedTo(row, preset)).toEqual({ refused: expect.stringContaining('signs people in') })
  })
})
