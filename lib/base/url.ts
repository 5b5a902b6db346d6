/**
 * Parses a URL, relative to a base where one is given.
 *
 * `URL.canParse()` is no help: in Node.js 20 and 22 it refuses "é" and all of Latin-1 once its caller is compiled.
 *
 * @returns `undefined` for any text that is not one.
 */
export function parseUrl(text: string, base?: string | URL): URL | undefined {
  try {
    return new URL(text, base)
  } catch {
    return undefined
  }
}

/** Whether a value is a text that is an absolute URL. */
export function isUrl(value: unknown): value is string {
  return typeof value === 'string' && parseUrl(value) !== undefined
}
