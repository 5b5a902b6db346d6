import { describe, expect, test } from '@jest/globals'
import * as crypto from 'node:crypto'
import type { BearerOptions } from '../../lib/index.js'
import { reasonOf, testApi } from '../kit/resource-server/api.js'
import { runSnippet } from '../snippets/run.js'

/** The order of the group of P-256 (FIPS 186-5): r, s and r, n - s are both signatures of the same text. */
const order = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n

/** Another text of the same token, which whoever holds it can make. */
function twinOf(token: string): string {
  const [header, payload, signature = ''] = token.split('.')
  const bytes = Buffer.from(signature, 'base64url')
  const s = order - BigInt(`0x${bytes.subarray(32).toString('hex')}`)
  const other = Buffer.concat([bytes.subarray(0, 32), Buffer.from(s.toString(16).padStart(64, '0'), 'hex')])
  return [header, payload, other.toString('base64url')].join('.')
}

/** What the page gives to `bearer()` for tokens that were revoked, and the keys in its list. */
async function revocation() {
  const asked: unknown[] = []
  const revoked = new Set<unknown>()
  const List = class {
    has(key: unknown): boolean {
      asked.push(key)
      return revoked.has(key)
    }
  }
  let check: BearerOptions['check']
  await runSnippet('docs/bearer.md', 'const revoked = new Set()', {
    modules: { 'node:crypto': crypto, 'express-oidc': { bearer: (options: BearerOptions) => ({ check } = options) } },
    globals: { Set: List },
  })
  return { asked, revoked, api: testApi({ check }) }
}

describe('the snippet about revoked tokens', () => {
  test('IT25: refuses a revoked token whose ECDSA signature was replaced by its twin', async () => {
    const { asked, revoked, api } = await revocation()
    const token = api.issuer.accessToken()
    await api.accept(token)
    revoked.add(asked[0])
    for (const text of [token, twinOf(token)]) expect(reasonOf(await api.refuse(text))).toBe('token_inactive')
  })

  test('accepts other tokens of the same person', async () => {
    const { asked, revoked, api } = await revocation()
    await api.accept(api.issuer.accessToken({ jti: 'one' }))
    revoked.add(asked[0])
    await expect(api.accept(api.issuer.accessToken({ jti: 'two' }))).resolves.toMatchObject({ subject: 'alice' })
  })
})
