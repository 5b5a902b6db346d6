const cycle = 1000

/**
 * Tokens for one scenario: `unseen` gives each contender tokens that it never saw, `thousand` a cycle of a thousand,
 * `single` one again and again.
 *
 * Each token is a new string, as it is when it comes with a request: a string seen before has its hash computed already.
 */
export function tokenSource(mint, scenario, { count, warmUp }) {
  const isUnseen = scenario === 'unseen'
  const tokens = many(mint, { unseen: count, thousand: cycle, single: 1 }[scenario])
  const others = isUnseen ? many(mint, warmUp) : tokens
  return {
    /** What is validated before anything is measured; a cache needs to see each token a few times. */
    warmUps() {
      if (isUnseen) return [0, 1, 2, 3].map((part) => fresh(others, (part * warmUp) / 4, warmUp / 4))
      const pass = fresh(tokens, 0, cycle)
      return [pass, pass, pass, pass, pass]
    },
    /** The tokens of one turn. */
    batch: (size, round, maxBatch) => fresh(tokens, isUnseen ? round * maxBatch : round * 137, size),
  }
}

function many(mint, count) {
  return Array.from({ length: count }, () => Buffer.from(mint()))
}

function fresh(tokens, start, count) {
  return Array.from({ length: count }, (_, i) => tokens[(start + i) % tokens.length].latin1Slice())
}
