import { ConfigurationError } from '../errors.js'

/** Reports a mistake in the set-up to the operator, where no error handler does. */
export function warnOfMistake({ message, name, code }: ConfigurationError): void {
  process.emitWarning(message, { type: name, code })
}

/** The error for an option whose value is of no use; `why` says what is wrong with it, without the value. */
export function unusableOption(option: string, why: string): ConfigurationError {
  return new ConfigurationError('invalid_options', `"${option}" ${why}`)
}
