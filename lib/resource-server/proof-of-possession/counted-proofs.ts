import { processWide } from '../../base/runtime.js'
import type { ReplayGuard } from './replay-cache.js'

/** A proof that was counted for a request, or is about to be. */
interface CountedProof {
  readonly cache: object
  readonly key: string
  readonly isNew: Promise<boolean> | true
}

// By request. A bearer() of the other copy of this package may look at the same one.
const counted = processWide(
  Symbol.for('express-oidc.counted-proofs'),
  (value): value is WeakMap<object, Set<CountedProof>> => value instanceof WeakMap,
  () => new WeakMap<object, Set<CountedProof>>(),
)

/**
 * Adds the key of a proof, once for each request and cache: a second look at the same request is no replay.
 *
 * @param request - what stands for the request, if anything does
 * @returns whether the request may use the proof; fails as {@link ReplayGuard.add} does
 */
export function countOnce(
  replays: ReplayGuard,
  key: string,
  ttlSeconds: number,
  request: object | undefined,
): Promise<boolean> | boolean {
  if (request === undefined) return replays.add(key, ttlSeconds)
  const { cache } = replays
  const proofs = counted.get(request) ?? new Set()
  const known = [...proofs].find((proof) => proof.cache === cache && proof.key === key)
  if (known !== undefined) return known.isNew
  const isNew = replays.add(key, ttlSeconds)
  if (isNew === false) return false
  const proof = { cache, key, isNew }
  counted.set(request, proofs.add(proof))
  const drop = () => proofs.delete(proof)
  if (isNew !== true) void isNew.then((added) => added || drop(), drop)
  return isNew
}
