import { describe, expect, test } from '@jest/globals'
import {
  isBroughtLogin,
  isLoginClient,
  isLoginIssuer,
  noteBroughtLogin,
  noteLogin,
} from '../../../lib/resource-server/issuers/logins.js'

describe('the logins of this process', () => {
  test('are known by their client and issuer, and by no other value', () => {
    noteLogin({ clientId: 'web', issuer: 'https://login.example.com' })
    expect([isLoginClient('web'), isLoginIssuer('https://login.example.com')]).toEqual([true, true])
    for (const other of ['Web', '', undefined, 5, ['web']]) expect(isLoginClient(other)).toBe(false)
    expect(isLoginIssuer('https://login.example.com/')).toBe(false)
  })

  test('are known by the other spellings of their issuer too', () => {
    noteLogin({ clientId: 'web', issuer: 'https://op.example.com', issuerAliases: ['accounts.example.com'] })
    expect(isLoginIssuer('accounts.example.com')).toBe(true)
  })

  test('include all issuers that match a template', () => {
    noteLogin({ clientId: 'many', issuer: 'https://many.example.com/{tenantid}/v2.0' })
    expect(isLoginIssuer('https://many.example.com/11111111/v2.0')).toBe(true)
    expect(isLoginIssuer('https://many.example.com/11111111/v1.0')).toBe(false)
  })

  test('at a provider that somebody has brought are known by issuer and client together', () => {
    const issuer = 'https://brought.example.com'
    noteBroughtLogin({ clientId: 'https://api.example.com', issuer, issuerAliases: ['brought'] })
    noteBroughtLogin({ clientId: 'https://api.example.com', issuer: 'https://other.example.com/{tenantid}' })
    const known = [issuer, 'brought', 'https://other.example.com/t1'].map((each) =>
      isBroughtLogin('https://api.example.com', each),
    )
    expect(known).toEqual([true, true, true])
    expect(isBroughtLogin('https://api.example.com', 'https://machines.example.com')).toBe(false)
    expect(isBroughtLogin('another', issuer)).toBe(false)
    expect([isLoginClient('https://api.example.com'), isLoginIssuer(issuer)]).toEqual([false, false])
  })
})
