import { describe, expect, test } from '@jest/globals'
import { readSurroundings } from '../../lib/options/surroundings.js'

describe('what the environment says beside the options', () => {
  test('is nothing where nothing is set, or only empty texts', () => {
    const nothing = {
      ...{ nodeEnv: undefined, trustsAnyCertificate: false, proxyVariable: undefined },
      ...{ extraCertificates: undefined, allowsColours: true },
    }
    expect(readSurroundings({})).toEqual(nothing)
    expect(readSurroundings({ NODE_ENV: '', NO_COLOR: '', HTTPS_PROXY: '', NODE_EXTRA_CA_CERTS: '' })).toEqual(nothing)
  })

  test('names the variable of a proxy, and not the proxy, whose URL may have a password', () => {
    const { proxyVariable } = readSurroundings({ https_proxy: 'http://user:password@proxy.example.com' })
    expect(proxyVariable).toBe('https_proxy')
  })

  test('is read from the process by default', () => {
    expect(readSurroundings().nodeEnv).toBe(process.env['NODE_ENV'])
  })
})
