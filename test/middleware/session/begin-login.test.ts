import { expect, test } from '@jest/globals'
import { requireProvider } from '../../../lib/middleware/session/begin-login.js'
import type { RequestContext } from '../../../lib/middleware/session/request-context.js'

const among = (names: readonly string[]) => ({ names, find: () => undefined }) as unknown as RequestContext
const many = Array.from({ length: 20 }, (_, index) => `p${index}`)

test.each([
  ['a name beside others', 'wrok', ['work', 'google'], 'has the name "wrok": known are "work", "google"'],
  ['a name where the application finds providers by a function', 'wrok', [], 'has the name "wrok"'],
  ['a name among many', 'x', many, /: known are "p0", (?:"p\d+", ){10}"p11", and 8 more$/],
  ['a name with line breaks', 'a\r\nb\u001b[31m', [], 'has the name "a\\r\\nb\\u001b[31m"'],
  ['a long name', 'x'.repeat(10_000), [], new RegExp(`has the name "x{95}\\.\\.\\."$`)],
])('the message for an unknown provider gives %s, and those that there are', async (_what, name, names, message) => {
  await expect(requireProvider(among(names), name, 'login()')).rejects.toThrow(message)
})
