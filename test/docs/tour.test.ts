import { expect, test } from '@jest/globals'
import { errorsIn } from '../snippets/compile.js'
import { files, textOf } from '../setup/tree.js'

// What the code of a stop may use without saying where it comes from, besides what every page may.
const prelude = [
  "import { clientCredentials, csrf, signals, type OidcOptions } from 'express-oidc'",
  'declare const api: typeof app',
  'declare const audience: string',
  'declare const privateKey: string',
  'type Handler = typeof listOrders',
  'declare const list: Handler, placeOrder: Handler, showBoard: Handler, showHr: Handler, showTransfer: Handler',
  'declare const company: { issuer: string; clientId: string; clientSecret: string }, home: typeof company',
].join('; ')

/** The code that a stop shows. */
function codeOf(path: string): string {
  const [, code] = /\n {2}code: `([^`]+)`/.exec(textOf(path)) ?? []
  return (code ?? '').replaceAll(/\$\{\w+\}/g, 'x')
}

test('the code that each stop of the tour shows compiles against the built package', () => {
  const stops = files('example-app/tour/stops')
  const snippets = stops.map((markdown) => ({ markdown, line: 1, code: `${prelude}; ${codeOf(markdown)}` }))
  expect(stops.length).toBeGreaterThan(10)
  expect(stops.filter((path) => codeOf(path).length < 20)).toEqual([])
  expect(errorsIn(snippets)).toEqual([])
  const [first] = snippets
  const wrong = { markdown: 'x.js', line: 1, code: `${first?.code}; oidc(7)` }
  expect(errorsIn([wrong]).length).toBe(1)
})
