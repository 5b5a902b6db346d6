import { describe, expect, test } from '@jest/globals'
import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { root } from '../setup/tree.js'

const run = promisify(execFile)

const script = `
  import { createBearerValidator } from 'express-oidc'
  import { generateKeyPairSync, sign } from 'node:crypto'
  const { privateKey, publicKey } = generateKeyPairSync('ec', {
    namedCurve: 'P-256',
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
    publicKeyEncoding: { type: 'spki', format: 'jwk' },
  })
  const issuer = 'https://id.example.com'
  const jwks = { keys: [{ ...publicKey, kid: 'a', alg: 'ES256', use: 'sig' }] }
  const validator = createBearerValidator({ issuer, audience: 'api', jwks })
  const part = (value) => Buffer.from(JSON.stringify(value)).toString('base64url')
  const now = Math.floor(Date.now() / 1000)
  const claims = { iss: issuer, aud: 'other', sub: 'planted', client_id: 'web', jti: 'j', iat: now, exp: now + 60 }
  const input = part({ alg: 'ES256', kid: 'a', typ: 'at+jwt' }) + '.' + part(claims)
  const signature = sign('sha256', Buffer.from(input), { key: privateKey, dsaEncoding: 'ieee-p1363' })
  await validator.validate('Bearer ' + input + '.' + signature.toString('base64url')).catch(() => undefined)
`

async function printed(nodeDebug: string): Promise<string> {
  const env = { ...process.env, NODE_OPTIONS: '', NODE_DEBUG: nodeDebug }
  const { stdout, stderr } = await run(process.execPath, ['--input-type=module', '-e', script], { cwd: root, env })
  return stdout + stderr
}

describe('a process', () => {
  test('with NODE_DEBUG=express-oidc prints one line for a refused token', async () => {
    const lines = (await printed('express-oidc')).trim().split('\n')
    expect(lines).toHaveLength(1)
    expect(lines[0]).toMatch(/^EXPRESS-OIDC \d+: access token: refused \(invalid_token < token_audience_mismatch\); /)
    expect(lines[0]).toContain('subject="aud" seen="other" expected=["api"] option="audience"')
    expect(lines[0]).not.toContain('planted')
  })

  test('without it prints nothing', async () => {
    expect(await printed('')).toBe('')
  })
})
