import { describe, expect, test } from '@jest/globals'
import { gitlab } from '../../../lib/providers/servers/gitlab.js'
import { apiContract } from '../../kit/stand-in/contract.js'
import type { Deviations } from '../../kit/stand-in/deviations.js'
import { presentedTo, startWalk } from '../../kit/stand-in/walk.js'
import { refusesWrongInput } from '../../kit/stand-in/wrong-input.js'

const audience = 'https://api.example.com'
const sub = 'project_path:shop/web:ref_type:branch:ref:main'

// GitLab's "OpenID Connect (OIDC) Authentication Using ID Tokens", of CI/CD jobs.
const row: Deviations = {
  issuer: 'https://gitlab.example.com',
  sub,
  apiToken: {
    sub,
    aud: audience,
    nbf: 0,
    jti: '1',
    project_path: 'shop/web',
    ref: 'main',
    user_email: 'a@example.com',
  },
}

describe('gitlab.api()', () => {
  const preset = gitlab.api({ url: 'https://gitlab.example.com', audience })
  apiContract({
    row,
    preset,
    principal: { subject: sub },
    foreign: { aud: 'https://vault.example.com' },
    reason: 'for another audience',
    idToken: { sub: '4711', aud: audience, nonce: 'n', at_hash: 'x' },
  })

  refusesWrongInput([['no audience', () => gitlab.api({} as never), '"audience" is missing']])

  // Last: a login stays known to its process.
  test('refuses all tokens if people sign in with the same GitLab, too', async () => {
    await startWalk(row, gitlab({ url: 'https://gitlab.example.com' }))
    expect(await presentedTo(row, preset)).toEqual({ refused: expect.stringContaining('signs people in') })
  })
})
