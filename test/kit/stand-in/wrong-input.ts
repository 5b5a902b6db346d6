import { expect, test } from '@jest/globals'
import { ConfigurationError } from '../../../lib/index.js'

/** Presets' mistakes, and what the error says: `[what is wrong, the call, what the message holds]`. */
export function refusesWrongInput(cases: readonly (readonly [string, () => unknown, string])[]): void {
  test.each(cases)('refuses %s, and says what was expected', (_name, call, message) => {
    expect(call).toThrow(ConfigurationError)
    expect(call).toThrow(message)
  })
}
