import fc from 'fast-check'

/** What is fuzzed: something that reads text from strangers. */
export interface Parser {
  /** Texts that come close to being accepted. */
  readonly texts: fc.Arbitrary<string>
  /**
   * Reads a text, and throws where a promise is broken.
   *
   * @returns what became of the text, in few words: a text with a new one is worth keeping
   */
  read(text: string): string | Promise<string>
}

const odd = [
  '\0',
  '\t',
  '\r\n',
  ' ',
  '"',
  '%',
  '%2e',
  '\\',
  '/',
  '//',
  ';',
  '=',
  '.',
  ',',
  ':',
  '@',
  '__proto__',
  'é',
  '．',
  '\u{1f600}',
]

/** Short texts of the characters that have a meaning somewhere. */
const oddText: fc.Arbitrary<string> = fc
  .array(
    fc.oneof(fc.constantFrom(...odd), fc.string({ maxLength: 6, unit: 'binary' }), fc.stringMatching(/^\w{0,5}$/)),
    {
      maxLength: 8,
    },
  )
  .map((parts) => parts.join(''))

/** Mostly one of some texts, sometimes an odd one. */
export function mostly(...good: readonly string[]): fc.Arbitrary<string> {
  return fc.oneof({ weight: 5, arbitrary: fc.constantFrom(...good) }, { weight: 1, arbitrary: oddText })
}

/** Texts with one small change: a part is left out, repeated, or replaced by an odd one. */
export function altered(texts: fc.Arbitrary<string>): fc.Arbitrary<string> {
  const place = fc.double({ min: 0, max: 1, noNaN: true })
  return fc.tuple(texts, place, place, fc.constantFrom('drop', 'repeat', 'insert', 'none'), oddText).map((change) => {
    const [text, a, b, kind, inserted] = change
    const [from, to] = [a, b].map((part) => Math.floor(part * text.length)).sort((x, y) => x - y)
    const middle = { drop: '', repeat: text.slice(from, to).repeat(2), insert: inserted, none: text.slice(from, to) }[
      kind
    ]
    return text.slice(0, from) + middle + text.slice(to)
  })
}

/** Puts what differs in each run, such as keys, into the places of a text that name it: `{name}`. */
export function filled(text: string, parts: Readonly<Record<string, string>>): string {
  return text.replaceAll(/\{(\w+)\}/g, (place, name: string) => parts[name] ?? place)
}
