import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { Corpus } from './corpus.js'
import { httpParsers } from './http-parsers.js'
import { type Parser, altered } from './parser.js'
import { sealedParsers } from './sealed-parsers.js'
import { tokenParsers } from './token-parsers.js'

// `npm run fuzz` sets both; a run of all tests tries a few texts, and keeps none.
const only = process.env.FUZZ_PARSER
const seconds = Number(process.env.FUZZ_SECONDS ?? 0)
const parsers = Object.entries<Parser>({ ...httpParsers, ...tokenParsers, ...sealedParsers }).filter(
  ([name]) => (only ?? name) === name,
)

describe.each(parsers)('the parser of %s', (name, { texts, read }) => {
  const corpus = new Corpus(name)

  test('keeps its promises with each text that was kept, each of which has an end of its own', async () => {
    const outcomes: string[] = []
    for (const text of corpus.texts) outcomes.push(await read(text))
    expect(outcomes.length).toBeGreaterThan(1)
    expect(new Set(outcomes).size).toBeGreaterThan(1)
  })

  test(
    'the parser keeps its promises with any text',
    async () => {
      const outcomes = new Set<string>()
      for (const text of corpus.texts) outcomes.add(await read(text))
      const kept = corpus.texts.length === 0 ? texts : fc.oneof(texts, altered(fc.constantFrom(...corpus.texts)))
      const property = fc.asyncProperty(kept, async (text) => {
        const outcome = await read(text)
        if (seconds > 0 && !outcomes.has(outcome) && text.length <= 600) corpus.keep(text)
        outcomes.add(outcome)
      })
      const limit = { numRuns: 1e9, interruptAfterTimeLimit: seconds * 1000, markInterruptAsFailure: false }
      const details = await fc.check(property, seconds > 0 ? limit : { numRuns: 200 })
      const [broken] = details.counterexample ?? []
      if (seconds > 0 && broken !== undefined) corpus.keep(broken)
      if (details.failed) throw new Error(fc.defaultReportMessage(details))
      expect(details.numRuns).toBeGreaterThan(0)
    },
    30_000 + seconds * 1000,
  )
})
