import type { ConfigurationError } from '../errors.js'

/** Reports a mistake in the set-up to the operator, where no error handler does. */
export function warnOfMistake({ message, name, code }: ConfigurationError): void {
  process.emitWarning(message, { type: name, code })
}
