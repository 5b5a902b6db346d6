import { randomUUID } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from '@jest/globals'
import { SignJWT } from 'jose'
import { pastDeadline } from '../../kit/timers.js'
import { settled } from '../../kit/until.js'
import { type RefreshWorld, startRefreshWorld, tokenOf } from '../../kit/world/refreshing.js'
import { subjectOf } from '../../kit/world/steps.js'
import { webClient } from '../../provider-real/provider.js'

const { client_secret: secret } = webClient('https://app.example')
const key = new TextEncoder().encode(secret)

// The platform's part: it signs, and keeps the file up to date.
async function renew(file: string, { provider }: RefreshWorld): Promise<void> {
  const claims = new SignJWT({ iss: 'web', sub: 'web', aud: provider.issuer, jti: randomUUID() })
  const assertion = await claims.setProtectedHeader({ alg: 'HS256' }).setIssuedAt().setExpirationTime('1h').sign(key)
  writeFileSync(file, `${assertion}\n`)
}

test('a file with an assertion that is missing for a while signs nobody out', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'assertion-'))
  const file = join(folder, 'token')
  const world = await startRefreshWorld({
    client: { token_endpoint_auth_method: 'client_secret_jwt' },
    oidc: { clientSecret: undefined, clientAssertion: { file } },
  })
  await renew(file, world)
  const browser = await world.enter()
  const first = await tokenOf(world, browser)
  rmSync(file)
  world.clock.advance(700)
  expect(await tokenOf(world, browser)).toEqual([503, 'provider_unavailable'])
  expect(await subjectOf(world, browser)).toBe('alice')
  await renew(file, world)
  world.clock.advance(120)
  const second = await tokenOf(world, browser)
  expect([typeof first, typeof second, first === second]).toEqual(['string', 'string', false])
  await world.close()
  rmSync(folder, { recursive: true })
})

test('a vault that is late signs nobody out, and the refresh token does not count as sent', async () => {
  const httpTimeoutSeconds = 30
  let calls = 0
  let isLate = false
  const clientSecret = async () => {
    calls += 1
    return isLate ? new Promise<string>(() => undefined) : secret
  }
  const world = await startRefreshWorld({ oidc: { clientSecret, httpTimeoutSeconds } })
  const browser = await world.enter()
  const first = await tokenOf(world, browser)
  isLate = true
  world.clock.advance(700)
  for (let times = 0; times < 2; times += 1) {
    const before = calls
    const answer = pastDeadline(
      httpTimeoutSeconds,
      () => tokenOf(world, browser),
      () => calls > before,
    )
    expect(await answer).toEqual([503, 'provider_timeout'])
    await settled()
    world.clock.advance(5)
  }
  expect(await subjectOf(world, browser)).toBe('alice')
  isLate = false
  const second = await tokenOf(world, browser)
  expect([typeof first, typeof second, first === second]).toEqual(['string', 'string', false])
  expect(world.refreshes).toHaveLength(1)
  await world.close()
})
