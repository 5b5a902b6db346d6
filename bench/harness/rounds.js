/** The middle one. */
export function median(numbers) {
  const sorted = [...numbers].sort((a, b) => a - b)
  const middle = sorted.length >> 1
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
}

/**
 * The mean without the lowest and the highest tenth. A median would leave out what only every third short turn has, such as a garbage
 * collection.
 */
export function middleMean(numbers) {
  const cut = Math.floor(numbers.length / 10)
  const middle = [...numbers].sort((a, b) => a - b).slice(cut, numbers.length - cut)
  return middle.reduce((sum, one) => sum + one, 0) / middle.length
}

/** The middle half: from a quarter to three quarters of the sorted numbers. */
export function middleHalf(numbers) {
  const sorted = [...numbers].sort((a, b) => a - b)
  const at = (share) => sorted[Math.round((sorted.length - 1) * share)]
  return [at(0.25), at(0.75)]
}

/**
 * Lets every contender take its turn once a round, in a new order each round: what the machine does meanwhile hits
 * all of them alike.
 *
 * @param measure - one turn: gives numbers by name
 * @returns for each contender its turns, in the order of the rounds
 */
export async function interleaved(contenders, rounds, measure) {
  const turns = new Map(contenders.map((contender) => [contender, []]))
  for (let round = 0; round < rounds; round++) {
    for (const contender of shuffled(contenders)) turns.get(contender).push(await measure(contender, round))
  }
  return turns
}

/** Medians of each number over all turns. */
export function medians(turns) {
  return Object.fromEntries(Object.keys(turns[0]).map((name) => [name, median(turns.map((turn) => turn[name]))]))
}

/** Middle means of each number over all turns. */
export function middleMeans(turns) {
  return Object.fromEntries(Object.keys(turns[0]).map((name) => [name, middleMean(turns.map((turn) => turn[name]))]))
}

/** The median of the rounds' ratios: two neighbours in time are compared, so a drift of the machine cancels out. */
export function ratio(turns, others, name) {
  return median(ratios(turns, others, name))
}

/** The ratio of each round. */
export function ratios(turns, others, name) {
  return turns.map((turn, round) => turn[name] / others[round][name])
}

/** What each round took more than another contender's. */
export function differences(turns, others, name) {
  return turns.map((turn, round) => turn[name] - others[round][name])
}

/** A copy in another order. */
export function shuffled(list) {
  const copy = [...list]
  for (let i = copy.length - 1; i > 0; i--) {
    const j = Math.floor(Math.random() * (i + 1))
    ;[copy[i], copy[j]] = [copy[j], copy[i]]
  }
  return copy
}

/**
 * The geometric mean of ratios, one of each set of processes, and where it lies with a confidence of 95 % (Student's t).
 *
 * @returns `{ value, low, high }`
 */
export function estimate(numbers) {
  const logs = numbers.map(Math.log)
  const n = logs.length
  const mean = logs.reduce((sum, one) => sum + one, 0) / n
  if (n === 1) return { value: Math.exp(mean), low: 0, high: Infinity }
  const variance = logs.reduce((sum, one) => sum + (one - mean) ** 2, 0) / (n - 1)
  const half = (student[n - 2] ?? student.at(-1)) * Math.sqrt(variance / n)
  return { value: Math.exp(mean), low: Math.exp(mean - half), high: Math.exp(mean + half) }
}

// 97.5 % of Student's t, by degrees of freedom from 1.
const student = [12.71, 4.3, 3.18, 2.78, 2.57, 2.45, 2.36, 2.31, 2.26, 2.23, 2.2, 2.18, 2.16, 2.14, 2.13]
