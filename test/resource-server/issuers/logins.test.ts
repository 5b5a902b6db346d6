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

  test("a value that is not a string never matches a login's issuer or client", () => {
    noteLogin({ clientId: '5', issuer: 'https://five.example.com' })
    for (const other of [undefined, null, 5, ['https://five.example.com'], {}]) expect(isLoginIssuer(other)).toBe(false)
    expect(isLoginClient(5)).toBe(false)
    noteBroughtLogin({ clientId: '5', issuer: 'https://five.example.com', issuerAliases: ['https://{id}.example.com'] })
    expect(isBroughtLogin('5', 'https://five.example.com')).toBe(true)
    for (const other of [undefined, null, 5, ['https://five.example.com']]) {
      expect(isBroughtLogin('5', other)).toBe(false)
      expect(isBroughtLogin(other, 'https://five.example.com')).toBe(false)
    }
  })

  test.each([
    ['https://a.example.com/{tenantid}/v2.0', 'https://a.example.com/t1/v2.0', true],
    ['https://a.example.com/{tenantid}/v2.0', 'https://a.example.com//v2.0', true],
    ['https://a.example.com/{tenantid}/v2.0', 'https://x.example.com/t1/v2.0', false],
    ['https://a.example.com/{tenantid}/v2.0', 'https://a.example.com/t1/v3.0', false],
    ['https://b.example.com/{id}', 'https://b.example.com/t1', true],
    ['{tenant}.c.example.com', 't1.c.example.com', true],
    ['{tenant}.c.example.com', 't1.x.example.com', false],
    ['https://d.example.com/{one}/{two}', 'https://d.example.com/1/2', false],
    ['https://d.example.com/{one}/{two}', 'https://d.example.com/1/', false],
    ['https://e.example.com/{1}', 'https://e.example.com/t1', false],
    ['https://e.example.com/{}', 'https://e.example.com/t1', false],
    ['https://f.example.com', 'https://f.example.com/t1', false],
    ['https://f.example.com', 'https://f.example.co', false],
    ['https://f.example.com', 'https://f.example.com/undefined', false],
  ])('of the issuer %s at %s are known: %s', (issuer, spelling, isKnown) => {
    noteLogin({ clientId: 'web', issuer })
    expect(isLoginIssuer(spelling)).toBe(isKnown)
    noteBroughtLogin({ clientId: `of ${issuer}`, issuer })
    expect(isBroughtLogin(`of ${issuer}`, spelling)).toBe(isKnown)
    expect([isLoginIssuer(issuer), isBroughtLogin(`of ${issuer}`, issuer)]).toEqual([true, true])
  })

  test('at templates are known by the other spellings of their issuer', () => {
    noteLogin({
      clientId: 'web',
      issuer: 'https://g.example.com',
      issuerAliases: ['https://sts.example.com/{tenantid}/'],
    })
    expect(isLoginIssuer('https://sts.example.com/t1/')).toBe(true)
    expect(isLoginIssuer('https://sts.example.com/t1')).toBe(false)
  })

  test('at a provider that somebody has brought are known however often they are noted', () => {
    const [one, two] = ['https://one.brought.example', 'https://two.brought.example']
    for (const issuer of [one, two, one, two]) noteBroughtLogin({ clientId: 'often', issuer })
    expect([one, two].map((issuer) => isBroughtLogin('often', issuer))).toEqual([true, true])
  })

  test('at providers that strangers have brought are forgotten first for the client that was asked about longest ago', () => {
    const issuer = 'https://many.brought.example'
    noteBroughtLogin({ clientId: 'asked', issuer })
    noteBroughtLogin({ clientId: 'forgotten', issuer })
    for (let i = 0; i < 5000; i++) noteBroughtLogin({ clientId: `client ${i}`, issuer })
    expect(isBroughtLogin('asked', issuer)).toBe(true)
    for (let i = 0; i < 9998; i++) noteBroughtLogin({ clientId: `stranger ${i}`, issuer })
    expect([isBroughtLogin('asked', issuer), isBroughtLogin('forgotten', issuer)]).toEqual([true, false])
    // One client with many issuers takes as much room as many clients.
    noteBroughtLogin({ clientId: 'large', issuer, issuerAliases: Array.from({ length: 9000 }, (_, i) => `alias ${i}`) })
    expect([isBroughtLogin('large', 'alias 8999'), isBroughtLogin('stranger 5', issuer)]).toEqual([true, false])
    expect(isBroughtLogin('stranger 9997', issuer)).toBe(true)
  })
})
