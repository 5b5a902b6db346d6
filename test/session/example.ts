import type { Runtime } from '../../lib/base/runtime.js'
import type { StatelessStorageSettings, RevocableStorageSettings } from '../../lib/session/storage/stateless.js'
import type { SessionLimits } from '../../lib/session/lifetime.js'
import type { SessionRecord } from '../../lib/session/record.js'
import { start } from '../kit/clock.js'

/** Ten minutes without a request, one hour in all, rolled once a minute. */
export const limits: SessionLimits = { idleSeconds: 600, absoluteSeconds: 3600, rollingStepSeconds: 60 }

/** An ID Token with some claims; nobody verifies its signature here. */
export function idToken(claims: object = {}): string {
  const payload = { iss: 'https://op.example.com', sub: 'alice', aud: 'web', ...claims }
  return ['e30', Buffer.from(JSON.stringify(payload)).toString('base64url'), 'c2lnbmF0dXJl'].join('.')
}

/** A session that began at {@link start}. */
export function record(changes: Partial<SessionRecord> = {}): SessionRecord {
  return {
    id: 'an-id',
    createdAt: start,
    touchedAt: start,
    idToken: idToken(),
    tokens: { accessToken: 'access', tokenType: 'bearer', scope: 'openid' },
    data: {},
    ...changes,
  }
}

// Both storages take them: what values were opened to is of another kind in each.
type ExampleSettings = Omit<StatelessStorageSettings, 'known'> & Pick<RevocableStorageSettings, 'remark'>

/** How a session storage is set up for `https://app.example.com`. */
export function settings(runtime: Runtime, changes: Partial<ExampleSettings> = {}): ExampleSettings {
  return {
    secrets: ['a secret for tests only, 32 characters at least'],
    name: 'oidc',
    secure: true,
    sameSite: 'lax',
    transient: false,
    maxBytes: 7168,
    limits,
    audience: ['https://op.example.com', 'web'],
    runtime,
    remark: () => undefined,
    ...changes,
  }
}

/** What a browser would send after these `Set-Cookie` lines. */
export function sentBack(lines: readonly string[], before: Record<string, string> = {}): Record<string, string> {
  const cookies = { ...before }
  for (const line of lines) {
    const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? []
    if (/Max-Age=0/.test(line)) delete cookies[name]
    else cookies[name] = value
  }
  return cookies
}
