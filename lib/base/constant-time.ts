import { timingSafeEqual } from 'node:crypto'

/** Compares secrets in a time that tells nothing of them but their length. */
export function equalSecrets(a: string, b: string): boolean {
  const [bytesA, bytesB] = [Buffer.from(a), Buffer.from(b)]
  return bytesA.length === bytesB.length && timingSafeEqual(bytesA, bytesB)
}
