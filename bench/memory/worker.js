import { randomBytes, randomUUID } from 'node:crypto'
import { setImmediate } from 'node:timers/promises'
import { contenderNamed } from '../bearer/contenders.js'
import { answerCalls } from '../harness/child.js'
import { createMint } from '../issuer/tokens.js'

const state = {}

answerCalls({
  async prepare({ name, trust }) {
    state.contender = contenderNamed(name)
    state.mint = createMint(trust)
    state.validate = await state.contender.validator(trust)
    await isAccepted(state.mint())
  },
  /** Validates `count` distinct tokens, and returns the memory that stays in use, in MB. */
  async feed({ kind, count }) {
    const isGood = kind === 'good'
    for (let i = 0; i < count; i++) {
      const token = makers[kind]()
      for (let times = isGood ? 3 : 1; times > 0; times--) {
        if ((await isAccepted(token)) !== isGood) throw new Error(`a token of the kind "${kind}" was judged wrongly`)
      }
      if (i % 500 === 0) await setImmediate()
    }
    return retained()
  },
})

const makers = {
  good: () => state.mint(),
  forged: () => junk(),
  kids: () => junk({}, { kid: randomUUID() }),
  issuers: () => junk({ iss: `https://${randomUUID()}.example.com` }),
}

// Signing costs time and would change nothing: these are refused in any case.
function junk(claims = {}, header = {}) {
  const [head, payload] = state.mint.unsigned(claims, header)
  return `${head}.${payload}.${randomBytes(64).toString('base64url')}`
}

async function isAccepted(token) {
  try {
    await state.validate(state.contender.prepare(token))
    return true
  } catch {
    return false
  }
}

async function retained() {
  for (let i = 0; i < 4; i++) {
    await setImmediate()
    globalThis.gc()
  }
  const { heapUsed, external } = process.memoryUsage()
  return (heapUsed + external) / 1024 ** 2
}
