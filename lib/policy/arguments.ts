import { ConfigurationError } from '../errors.js'

/**
 * Refuses arguments that are not non-empty strings.
 *
 * @param call - the call that got them, in messages
 * @throws {ConfigurationError} `invalid_options`
 */
export function requireTexts(call: string, values: readonly string[]): readonly string[] {
  const isText = (value: unknown): boolean => typeof value === 'string' && value.trim() !== ''
  return requireValues(`${call}()`, values, isText, 'strings')
}

/**
 * Refuses an empty list, and values of another kind. Such a requirement would let everyone in, or no one; so would a list
 * in place of separate arguments.
 *
 * @throws {ConfigurationError} `invalid_options`
 */
export function requireValues<T>(
  call: string,
  values: readonly T[],
  isValue: (value: unknown) => boolean,
  kinds: string,
): readonly T[] {
  if (values.length > 0 && values.every(isValue)) return values
  throw invalidArgument(`${call} takes one or more ${kinds}, none of them empty, each as a separate argument`)
}

/** The error for an argument that a requirement cannot work with. */
export function invalidArgument(message: string): ConfigurationError {
  return new ConfigurationError('invalid_options', message)
}
