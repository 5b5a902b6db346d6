import { timingSafeEqual } from 'node:crypto'

/** Compares secrets in constant time: it reveals only their length. */
export function equalSecrets(a: string, b: string): boolean {
  const [bytesA, bytesB] = [Buffer.from(a), Buffer.from(b)]
  return bytesA.length === bytesB.length && timingSafeEqual(bytesA, bytesB)
}
