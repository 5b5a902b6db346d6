import { describe, expect, test } from '@jest/globals'
import {
  type CrossSitePolicy,
  isBoosted,
  isCrossOriginInitiated,
  isDeclaredNavigation,
  isDeclaredNonNavigation,
  isFormPost,
  isHtmx,
  isNavigation,
  isPageLoad,
  isPrefetch,
  isSafe,
  isScript,
  mayBeCrossSite,
} from '../../lib/http/fetch-metadata.js'
import { plainRequest } from '../kit/request.js'

type Headers = Readonly<Record<string, string>>
const metadata = (mode?: string, destination?: string): Headers => ({
  ...(mode === undefined ? {} : { 'sec-fetch-mode': mode }),
  ...(destination === undefined ? {} : { 'sec-fetch-dest': destination }),
})
const html = { accept: 'text/html' }
const json = { accept: 'application/json' }

describe('what a window loads', () => {
  test.each<[string, Headers, boolean]>([
    ['a navigation', metadata('navigate', 'document'), true],
    ['a navigation that accepts JSON only', { ...metadata('navigate', 'document'), ...json }, true],
    ['a navigation that a service worker passed on', metadata('navigate', 'empty'), true],
    ['a mode alone', metadata('navigate'), true],
    ['a destination alone', metadata(undefined, 'document'), true],
    ['a destination alone that is not a document', metadata(undefined, 'empty'), false],
    ['a frame', metadata('navigate', 'iframe'), false],
    ['a fetch', { ...metadata('cors', 'empty'), ...html }, false],
    ['a fetch that says it is for a document', metadata('cors', 'document'), false],
    ['an image', metadata('no-cors', 'image'), false],
    ['a prefetch', { ...metadata('navigate', 'document'), 'sec-purpose': 'prefetch' }, false],
    ['a prefetch without metadata', { ...html, purpose: 'prefetch' }, false],
    ['an old browser', html, true],
    ['an old browser with XHTML', { accept: 'application/xhtml+xml' }, true],
    ['an old browser with a list', { accept: 'application/json , text/HTML ; q=0.9' }, true],
    ['an old browser with a weight', { accept: 'text/html;q=0.001' }, true],
    ['HTML that is refused', { accept: 'text/html;q=0' }, false],
    ['HTML that is refused with decimals', { accept: 'text/html; q=0.000; x=y' }, false],
    ['HTML that is not refused: the weight begins with a zero', { accept: 'text/html;q=0.5' }, true],
    ['a name that only begins like HTML', { accept: 'text/html5' }, false],
    ['a name that only ends like HTML', { accept: 'x-text/html' }, false],
    ['the default of fetch', { accept: '*/*' }, false],
    ['JSON', json, false],
    ['nothing', {}, false],
  ])('%s', (_name, headers, isWindow) => {
    expect(isNavigation(plainRequest(headers, 'GET'))).toBe(isWindow)
    expect(isNavigation(plainRequest(headers, 'HEAD'))).toBe(isWindow)
    expect(isNavigation(plainRequest(headers, 'POST'))).toBe(false)
    expect(isFormPost(plainRequest(headers, 'POST'))).toBe(isWindow)
    expect(isFormPost(plainRequest(headers, 'GET'))).toBe(false)
    expect(['GET', 'POST', 'PUT'].map((method) => isPageLoad(plainRequest(headers, method)))).toEqual([
      isWindow,
      isWindow,
      false,
    ])
  })
})

describe('what a script waits for', () => {
  test.each<[string, Headers, boolean]>([
    ['a fetch', metadata('cors'), true],
    ['a navigation', metadata('navigate'), false],
    ['a navigation that accepts JSON', { ...metadata('navigate'), ...json }, false],
    ['JSON in an old browser', json, true],
    ['a kind of JSON in an old browser', { accept: 'application/problem+JSON' }, true],
    ['JSON or HTML in an old browser', { accept: 'application/json, text/html' }, false],
    ['JSON with a destination', { ...json, ...metadata(undefined, 'document') }, false],
    ['what is only called like JSON', { accept: 'application/jsonp' }, false],
    ['anything', { accept: '*/*' }, false],
    ['nothing', {}, false],
  ])('%s', (_name, headers, expected) => {
    expect(isScript(plainRequest(headers))).toBe(expected)
  })
})

test('htmx says so in a header, and in another that it stands in for the browser', () => {
  expect(isHtmx(plainRequest({ 'hx-request': 'true' }))).toBe(true)
  expect(isHtmx(plainRequest({ 'hx-request': 'false' }))).toBe(false)
  const boosted = { 'hx-request': 'true', 'hx-boosted': 'true' }
  expect(isBoosted(plainRequest(boosted))).toBe(true)
  expect(isBoosted(plainRequest(boosted, 'POST'))).toBe(false)
  expect(isBoosted(plainRequest({ 'hx-boosted': 'true' }))).toBe(false)
  expect(isBoosted(plainRequest({ ...boosted, 'hx-boosted': 'false' }))).toBe(false)
})

test.each<[string, Headers, [boolean, boolean]]>([
  ['a navigation', metadata('navigate', 'document'), [true, false]],
  ['a destination alone', metadata(undefined, 'document'), [false, false]],
  ['a fetch', metadata('cors', 'empty'), [false, true]],
  ['a prefetch', { 'sec-purpose': 'prefetch' }, [false, true]],
  ['an old browser', html, [false, false]],
])('what is declared of %s: a navigation, or something else', (_name, headers, expected) => {
  const request = plainRequest(headers)
  expect([isDeclaredNavigation(request), isDeclaredNonNavigation(request)]).toEqual(expected)
})

test.each([
  ['cross-site', true],
  ['same-site', true],
  ['same-origin', false],
  ['none', false],
])('a request whose Sec-Fetch-Site is %s was caused by another origin: %j', (site, expected) => {
  expect(isCrossOriginInitiated(plainRequest({ 'sec-fetch-site': site }))).toBe(expected)
  expect(isCrossOriginInitiated(plainRequest())).toBe(false)
})

test.each<[string, Headers, boolean]>([
  ['Sec-Purpose', { 'sec-purpose': 'prefetch;prerender' }, true],
  ['Purpose', { purpose: 'Preview' }, true],
  ['X-Moz', { 'x-moz': 'prefetch' }, true],
  ['another word', { 'sec-purpose': 'other' }, false],
  ['another header', { 'x-purpose': 'prefetch' }, false],
])('a prefetch is known by %s', (_name, headers, expected) => {
  expect(isPrefetch(plainRequest(headers))).toBe(expected)
})

test.each([
  ['GET', true],
  ['HEAD', true],
  ['OPTIONS', true],
  ['POST', false],
  ['DELETE', false],
  ['', false],
])('the method %s is safe: %j', (method, expected) => {
  expect(isSafe(plainRequest({}, method))).toBe(expected)
})

describe('a request that a page of another site may have caused (CWE-352)', () => {
  const policy: CrossSitePolicy = {
    origin: 'https://app.example.com',
    origins: ['https://partner.example'],
    allowSameSite: false,
    header: 'x-csrf',
  }
  const mayBe = (headers: Headers, more: Partial<CrossSitePolicy> = {}) =>
    mayBeCrossSite(plainRequest(headers), { ...policy, ...more })

  test.each<[string, Headers, boolean]>([
    ['its own page', { 'sec-fetch-site': 'same-origin' }, false],
    ['the address bar', { 'sec-fetch-site': 'none' }, false],
    ['a sibling', { 'sec-fetch-site': 'same-site' }, true],
    ['another site', { 'sec-fetch-site': 'cross-site' }, true],
    ['another site, with the header', { 'sec-fetch-site': 'cross-site', 'x-csrf': '1' }, true],
    ['another site that says our origin', { 'sec-fetch-site': 'cross-site', origin: policy.origin }, true],
    ['a partner', { 'sec-fetch-site': 'cross-site', origin: 'https://partner.example' }, false],
    ['our origin in an old browser', { origin: policy.origin }, false],
    ['another origin in an old browser', { origin: 'https://evil.example' }, true],
    ['a hidden origin in an old browser', { origin: 'null', 'x-csrf': '1' }, true],
    ['nobody, with the header', { 'x-csrf': '1' }, false],
    ['nobody, with an empty header', { 'x-csrf': '' }, true],
    ['nobody', {}, true],
  ])('from %s', (_name, headers, expected) => {
    expect(mayBe(headers)).toBe(expected)
  })

  test('may come from a sibling where the policy allows that, and from no other site', () => {
    expect(mayBe({ 'sec-fetch-site': 'same-site' }, { allowSameSite: true })).toBe(false)
    expect(mayBe({ 'sec-fetch-site': 'cross-site' }, { allowSameSite: true })).toBe(true)
  })
})
