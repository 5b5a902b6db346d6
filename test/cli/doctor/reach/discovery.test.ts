import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { textReport } from '../../../../lib/cli/doctor/report.js'
import { stopMachine } from '../../../kit/clock.js'
import { diagnose, findingsOf, secret } from '../diagnosis.js'

const issuer = 'https://id.example.com/realms/shop'
const discovery = `${issuer}/.well-known/openid-configuration`
const json = (body: unknown, headers: Record<string, string> = {}) =>
  new Response(JSON.stringify(body), { headers: { 'content-type': 'application/json', ...headers } })

type Answers = Readonly<Record<string, () => Response>>

async function examine(answers: Answers, options: object = {}) {
  const asked: string[] = []
  const fetch = async (input: string | URL | Request, init?: RequestInit) => {
    const url = String(input)
    asked.push(`${init?.method ?? 'GET'} ${url}`)
    return answers[url]?.() ?? new Response('', { status: 404 })
  }
  const oidc = {
    issuer,
    clientId: 'web',
    clientSecret: 'x'.repeat(20),
    baseUrl: 'https://app.example.com',
    secret,
    fetch,
    ...options,
  }
  const report = await diagnose({ oidc }, { env: { NODE_ENV: 'production' } })
  const of = (check: string) => findingsOf(report).find((finding) => finding.check === check)
  return { report, asked, of }
}

const failure = (message: RegExp, fix: RegExp) => ({
  ...{ status: 'fail', message: expect.stringMatching(message), fix: expect.stringMatching(fix) },
})

describe('doctor, about discovery', () => {
  test('says where a redirect leads, without its query, and takes the issuer from there', async () => {
    const moved = () =>
      new Response(null, {
        ...{ status: 301 },
        headers: { location: 'https://login.example.com/shop/.well-known/openid-configuration?token=hunter2' },
      })
    const { of, report } = await examine({ [discovery]: moved })
    expect(of('discovery')).toMatchObject(
      failure(
        /redirects to https:\/\/login\.example\.com\/shop\/\.well-known/,
        /probably "https:\/\/login\.example\.com\/shop"/,
      ),
    )
    expect(textReport(report, false)).not.toContain('hunter2')
  })

  test.each([
    ['no place', {}, /openid-configuration redirects, and redirects are not followed/],
    [
      'a login page',
      { location: 'https://id.example.com/login?next=x' },
      /redirects to https:\/\/id\.example\.com\/login, and/,
    ],
  ])('makes up no issuer of a redirect to %s', async (_name, sent, message) => {
    const headers = new Headers(Object.entries(sent))
    const { of } = await examine({ [discovery]: () => new Response(null, { status: 302, headers }) })
    expect(of('discovery')).toMatchObject(failure(message, /^check the issuer, or name the URL/))
  })

  test('knows a web page by its text, if it comes without a type', async () => {
    const page = () => new Response(Buffer.from('\n<html>'))
    expect((await examine({ [discovery]: page })).of('discovery')).toMatchObject(failure(/a web page, not/, /issuer/))
  })

  test('does not blame the provider for an answer that the issuer may be the cause of', async () => {
    const forbidden = () => new Response('', { status: 403 })
    expect((await examine({ [discovery]: forbidden })).of('discovery')).toMatchObject(
      failure(/status 403/, /^check the issuer, or name the URL/),
    )
  })

  test('says what the first place answers, if nothing answers further up', async () => {
    const cut = () => {
      throw Object.assign(new Error('cut'), { code: 'ECONNRESET' })
    }
    const { of, asked } = await examine({
      'https://id.example.com/realms/.well-known/openid-configuration': cut,
      'https://id.example.com/.well-known/openid-configuration': cut,
    })
    expect(of('discovery')).toMatchObject(failure(/status 404/, /^check the issuer, or name the URL/))
    expect(asked).toContain('GET https://id.example.com/.well-known/openid-configuration')
  })

  test('says that a web page came, or something that is not a JSON object', async () => {
    const page = () => new Response('<!doctype html>', { headers: { 'content-type': 'text/html' } })
    expect((await examine({ [discovery]: page })).of('discovery')).toMatchObject(
      failure(/a web page, not/, /"discoveryUrl"/),
    )
    expect((await examine({ [discovery]: () => json([]) })).of('discovery')).toMatchObject(
      failure(/not a JSON object/, /issuer/),
    )
  })

  test('says that the provider fails', async () => {
    const down = () => new Response('', { status: 503 })
    expect((await examine({ [discovery]: down })).of('discovery')).toMatchObject(
      failure(/status 503/, /the provider: it fails/),
    )
  })

  test('finds the issuer further up', async () => {
    const above = 'https://id.example.com/.well-known/openid-configuration'
    const { of } = await examine({ [above]: () => json({ issuer: 'https://id.example.com' }) })
    expect(of('discovery')).toMatchObject(failure(/status 404/, /calls itself "https:\/\/id\.example\.com": give that/))
  })

  test('finds metadata where RFC 8414 has them, and at the URL of the options', async () => {
    const elsewhere = 'https://id.example.com/.well-known/oauth-authorization-server/realms/shop'
    expect((await examine({ [elsewhere]: () => json({ issuer }) })).of('issuer')).toMatchObject({ status: 'ok' })
    const named = 'https://id.example.com/metadata.json'
    const { of, asked } = await examine({ [named]: () => json({ issuer }) }, { discoveryUrl: named })
    expect(of('discovery')).toMatchObject({ status: 'ok', message: expect.stringContaining(named) })
    expect(asked).not.toContain(`GET ${discovery}`)
  })

  test('asks for no metadata if discovery is off', async () => {
    const at = (path: string) => `https://id.example.com${path}`
    const metadata = { authorization_endpoint: at('/a'), token_endpoint: at('/t'), jwks_uri: at('/k') }
    const { of, asked } = await examine({}, { discoveryUrl: false, metadata })
    expect(of('discovery')).toMatchObject({ status: 'ok', message: expect.stringContaining('switched off') })
    expect(asked.filter((request) => request.includes('well-known'))).toEqual([])
  })

  test.each([
    ['https://id.example.com/realms/Shop', /upper and lower case count/],
    ['https://id.example.com/realms/other', /path differs/],
    ['http://id.example.com:8080/realms/shop', /scheme, port differ/],
    ['https://login.example.com/realms/shop', /host differs/],
    [7, /calls itself 7/],
  ])('says how %s differs from the issuer', async (named, difference) => {
    const { of } = await examine({ [discovery]: () => json({ issuer: named }) })
    expect(of('issuer')).toMatchObject({ status: 'fail', message: expect.stringMatching(difference) })
  })

  test('DO01: sends no credentials to a provider that calls itself otherwise', async () => {
    const document = { issuer: 'https://evil.example', token_endpoint: 'https://evil.example/token' }
    const { asked, of } = await examine({ [discovery]: () => json(document) })
    expect(asked).toEqual([`GET ${discovery}`])
    expect(of('provider')).toMatchObject({ status: 'unknown', message: expect.stringContaining('nothing is sent to') })
  })

  test('DO02: passes no control characters of the provider to the terminal', async () => {
    const bad = '\u001b[2J\u0007\u202e'
    const document = {
      issuer,
      ...{ authorization_endpoint: `${issuer}/a`, token_endpoint: `${issuer}/t${bad}`, jwks_uri: `${issuer}/k` },
      ...{
        id_token_signing_alg_values_supported: [`RS${bad}`],
        scopes_supported: [bad],
        response_modes_supported: [bad],
      },
      ...{ code_challenge_methods_supported: [bad], response_types_supported: [bad] },
    }
    const answers = {
      [discovery]: () => json(document),
      [`${issuer}/t`]: () => json({ error: 'invalid_client', error_description: `no ${bad}` }),
    }
    const { report } = await examine(answers)
    const named = await examine({ [discovery]: () => json({ issuer: `https://id.example.com/${bad}` }) })
    for (const each of [report, named.report]) {
      // eslint-disable-next-line no-control-regex -- they are what this is about
      expect(textReport(each, false)).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f\u202e]/)
    }
  })
})

describe('doctor, about clocks', () => {
  let goOn: () => void
  beforeEach(() => void (goOn = stopMachine()))
  afterEach(() => goOn())

  const at = (seconds: number, headers: Record<string, string> = {}) =>
    examine({
      [discovery]: () => json({ issuer }, { date: new Date(Date.now() + seconds * 1000).toUTCString(), ...headers }),
    })

  test.each([
    [0, 'ok', /the same time/],
    [-10, 'ok', /10 seconds ahead of/],
    [25, 'warn', /25 seconds behind .* within clockToleranceSeconds 30/],
    [600, 'fail', /600 seconds behind .* over clockToleranceSeconds 30/],
  ])('compares them: %d seconds apart is %s', async (seconds, status, message) => {
    expect((await at(seconds)).of('clock')).toMatchObject({ status, message: expect.stringMatching(message) })
  })

  test('counts how long a cache has had the response', async () => {
    expect((await at(-300, { age: '300' })).of('clock')).toMatchObject({ status: 'ok' })
  })

  test('does not judge without a date', async () => {
    expect((await examine({ [discovery]: () => json({ issuer }) })).of('clock')).toMatchObject({ status: 'unknown' })
  })
})
