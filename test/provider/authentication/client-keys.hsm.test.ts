import { execFileSync } from 'node:child_process'
import { createHash, createPublicKey } from 'node:crypto'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { importJWK, jwtVerify } from 'jose'
import { createCurrentAuthentication } from '../../../lib/provider/authentication/client-authentication.js'
import { clientIdentity } from '../../../lib/provider/authentication/credentials.js'
import { parseClientCredentialsOptions } from '../../../lib/options/client/schema.js'
import { Clock } from '../../kit/clock.js'
import { describeWith } from '../../setup/describe-with.js'

const issuer = 'https://issuer.example'

describeWith('softhsm2-util', 'a key in SoftHSM, through PKCS#11', (softhsm) => {
  describeWith('pkcs11-tool', 'by pkcs11-tool', (tool) => {
    const folder = mkdtempSync(join(tmpdir(), 'softhsm-'))
    const env = { ...process.env, SOFTHSM2_CONF: join(folder, 'softhsm2.conf') }
    const run = (command: string, ...args: string[]) => execFileSync(command, args, { env, stdio: 'pipe' })
    const token = ['--module', moduleFile(), '--token-label', 'app']
    const signedIn = [...token, '--login', '--pin', '1234']

    beforeAll(() => {
      mkdirSync(join(folder, 'tokens'))
      writeFileSync(env.SOFTHSM2_CONF, `directories.tokendir = ${join(folder, 'tokens')}\nlog.level = ERROR\n`)
      run(softhsm, '--init-token', '--free', '--label', 'app', '--so-pin', '1234', '--pin', '1234')
    })
    afterAll(() => rmSync(folder, { recursive: true, force: true }))

    function keyPair(id: string, type: string) {
      run(tool, ...signedIn, '--keypairgen', '--key-type', type, '--id', id)
      const file = join(folder, `${id}.spki`)
      run(tool, ...token, '--read-object', '--type', 'pubkey', '--id', id, '-o', file)
      return createPublicKey({ key: readFileSync(file), format: 'der', type: 'spki' })
    }

    function signer(id: string, ...mechanism: string[]) {
      return (data: Uint8Array): Uint8Array => {
        const [input, output] = [join(folder, 'input'), join(folder, 'output')]
        writeFileSync(input, data)
        run(tool, ...signedIn, '--sign', '--id', id, '-i', input, '-o', output, '--mechanism', ...mechanism)
        return readFileSync(output)
      }
    }

    test.each([
      ['ES256', 'EC:prime256v1', '01', ['ECDSA']],
      ['RS256', 'rsa:2048', '02', ['SHA256-RSA-PKCS']],
      ['PS256', 'rsa:2048', '03', ['SHA256-RSA-PKCS-PSS']],
    ])('signs client assertions by %s, and never leaves the device', async (alg, type, id, mechanism) => {
      const publicKey = keyPair(id, type)
      const signs = signer(id, ...mechanism)
      // SoftHSM signs hashes by ECDSA: it does not make them.
      const sign = alg === 'ES256' ? (data: Uint8Array) => signs(createHash('sha256').update(data).digest()) : signs
      const clientKeys = { current: { sign, alg, publicKey } }
      const identity = clientIdentity(parseClientCredentialsOptions({ issuer, clientId: 'machine', clientKeys }))
      const body = new URLSearchParams()
      await createCurrentAuthentication(identity, Clock.real())(
        { issuer },
        { client_id: 'machine' },
        body,
        new Headers(),
      )
      const key = await importJWK({ ...identity.clientKeys?.published[0] })
      const { payload, protectedHeader } = await jwtVerify(body.get('client_assertion') ?? '', key)
      expect([payload.sub, protectedHeader.alg]).toEqual(['machine', alg])
    })
  })
})

// Distributions agree on the name only.
function moduleFile(): string {
  const folders = ['/usr/lib/softhsm', '/usr/lib/x86_64-linux-gnu/softhsm', '/usr/lib/aarch64-linux-gnu/softhsm']
  const others = ['/usr/lib64/pkcs11', '/usr/local/lib/softhsm', '/opt/homebrew/lib/softhsm']
  return [...folders, ...others].map((folder) => join(folder, 'libsofthsm2.so')).find(existsSync) ?? 'libsofthsm2.so'
}
