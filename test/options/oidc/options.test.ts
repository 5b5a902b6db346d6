import { expect, test } from '@jest/globals'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { InferInput } from 'valibot'
import { type CompletedLogin, type OidcOptions, oidc } from '../../../lib/index.js'
import { type oidcEntries, type parseOidcOptions, oidcEntries as entries } from '../../../lib/options/oidc/schema.js'

/** `true` when both types are each other's subtype; anything else fails to compile where `true` is asked for. */
type Same<A, B> = [A] extends [B] ? ([B] extends [A] ? true : never) : never

const required = {
  issuer: 'https://op.example.com',
  clientId: 'web',
  baseUrl: 'https://app.example.com',
  secret: 'abcdefghijklmnopqrstuvwxyz0123456789',
}

test('the type and the schema of the options have the same members', () => {
  const options: Same<keyof OidcOptions, keyof typeof oidcEntries> = true
  type Nested<Name extends 'routes' | 'returnTo' | 'logout' | 'session'> = keyof NonNullable<OidcOptions[Name]>
  type Parsed<Name extends 'routes' | 'returnTo' | 'logout' | 'session'> = keyof ReturnType<
    typeof parseOidcOptions
  >[Name]
  const routes: Same<Nested<'routes'>, Parsed<'routes'>> = true
  const returnTo: Same<Nested<'returnTo'>, Parsed<'returnTo'>> = true
  const logout: Same<Nested<'logout'>, Parsed<'logout'>> = true
  const session: Same<Nested<'session'>, Parsed<'session'>> = true
  const issuer: Same<OidcOptions['issuer'], InferInput<(typeof oidcEntries)['issuer']>> = true
  expect([options, routes, returnTo, logout, session, issuer]).not.toContain(false)
  expect(Object.keys(entries)).toEqual(expect.arrayContaining(Object.keys(required)))
})

test('optional members of the options may be undefined', () => {
  const options: OidcOptions = {
    ...required,
    clientSecret: undefined,
    routes: { login: undefined },
    session: { idleSeconds: undefined, cookie: { domain: undefined } },
    returnTo: { origins: undefined },
    logout: { atProvider: undefined },
    onLogin: undefined,
    fetch: undefined,
  }
  expect(() => oidc(options)).not.toThrow()
})

test("an application’s type of claims is the type of onLogin's argument", () => {
  const options: OidcOptions<{ dept: string }> = {
    ...required,
    onLogin: ({ claims }) => {
      const dept: string = claims.dept
      const subject: string = claims.sub
      // @ts-expect-error -- a claim that nobody named
      const other: string = claims.other
      return { data: { dept, subject, other } }
    },
  }
  expect(() => oidc<{ dept: string }>(options)).not.toThrow()
  const claims: Same<CompletedLogin<{ dept: string }>['claims']['dept'], string> = true
  expect(claims).toBe(true)
})

test("onError gets this package's error, and callbacks get Express's request and response", () => {
  const fromExpress = oidc({
    ...required,
    onLogin: ({ claims }, req) => ({
      data: { language: req.acceptsLanguages('de', 'en') || 'en', subject: claims.sub },
    }),
    onError: (error, { req, res, next }) => {
      if (error.code === 'access_denied') res.status(error.status).json({ path: req.path })
      else next(error)
    },
  })
  const options: OidcOptions<{ dept: string }, IncomingMessage, ServerResponse> = {
    ...required,
    onLogin: ({ claims }, req) => ({ data: { dept: claims.dept, url: req.url } }),
    onError: (error, { res }) => void res.writeHead(error.status, { ...error.headers }).end(),
  }
  expect([fromExpress, oidc(options)]).toEqual([expect.any(Function), expect.any(Function)])
})

test('invalid options of oidc() do not compile', () => {
  // @ts-expect-error -- the issuer is missing
  expect(() => oidc({ clientId: 'web', baseUrl: 'https://app.example.com', secret: 'x' })).toThrow(
    '"issuer" is missing',
  )
  // @ts-expect-error -- a name with a typing error
  expect(() => oidc({ ...required, clientSecert: 'x' })).toThrow('did you mean "clientSecret"?')
  // @ts-expect-error -- SameSite=None would send the session to other sites' requests
  expect(() => oidc({ ...required, session: { cookie: { sameSite: 'None' } } })).toThrow('must be "Lax" or "Strict"')
  // @ts-expect-error -- data of the session goes into the member `data`
  expect(() => oidc({ ...required, onLogin: ({ claims }) => ({ tenant: claims.sub }) })).not.toThrow()
  const asyncLogin: OidcOptions['onLogin'] = async () => false
  const predicate: OidcOptions['onLogin'] = ({ claims }) => claims['email_verified'] === true
  for (const onLogin of [asyncLogin, predicate]) expect(() => oidc({ ...required, onLogin })).not.toThrow()
})
