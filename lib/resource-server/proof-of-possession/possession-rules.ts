import type { BearerConfiguration } from '../../options/bearer/schema.js'
import type { Platform } from '../../base/runtime.js'
import { createDpopNonces } from './dpop-nonce.js'
import { createDpopProofs, type DpopProofs } from './dpop-proof.js'
import type { PossessionRules } from './check.js'
import { MemoryReplayCache, pluggedReplayCache } from './replay-cache.js'

/** Which proofs are taken, and wanted, by the options. */
export function possessionRules({ dpop, mtls }: BearerConfiguration, platform: Platform): PossessionRules {
  return {
    ...(dpop.mode === 'off' ? {} : { dpop: dpopProofs(dpop, platform) }),
    dpopRequired: dpop.mode === 'required',
    mtls: mtls.source !== 'off',
    mtlsRequired: mtls.source !== 'off' && mtls.required,
  }
}

function dpopProofs(dpop: BearerConfiguration['dpop'], platform: Platform): DpopProofs {
  const { nonce, replayCache } = dpop
  const replays = replayCache === undefined ? new MemoryReplayCache(platform) : pluggedReplayCache(replayCache)
  if (nonce === false) return createDpopProofs({ ...dpop, replays, platform })
  const { secret, lifetimeSeconds } =
    nonce === true ? { secret: [platform.randomBytes(32).toString('hex')], lifetimeSeconds: 300 } : nonce
  return createDpopProofs({ ...dpop, replays, platform, nonces: createDpopNonces(secret, lifetimeSeconds, platform) })
}
