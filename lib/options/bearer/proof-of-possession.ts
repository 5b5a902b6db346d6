import { isIP } from 'node:net'
import * as v from 'valibot'
import { asymmetricAlgorithms } from '../common/algorithms.js'
import { algorithmList } from './keys.js'
import { flag, headerName, seconds, secrets, text } from '../common/fields.js'
import { section } from '../common/parse.js'

const modes = ['off', 'allowed', 'required'] as const
const mode = v.picklist(modes, `must be one of ${modes.join(', ')}`)

const nonce = v.union(
  [v.boolean(), section({ secret: secrets, lifetimeSeconds: v.optional(seconds(10, 3600), 300) })],
  'must be true, false or { secret, lifetimeSeconds }, with a random secret of at least 32 characters',
)

const replayCache = v.pipe(
  v.custom<{ readonly add: (key: string, ttlSeconds: number) => unknown }>(
    (value) => typeof value === 'object' && value !== null && 'add' in value && typeof value.add === 'function',
    'must be an object with add(key, ttlSeconds)',
  ),
  // Wrapped: the result gets frozen, and the cache must not be.
  v.transform((cache) => () => cache),
)

const dpopSection = section({
  mode,
  proofMaxAgeSeconds: v.optional(seconds(5, 600), 60),
  proofClockToleranceSeconds: v.optional(seconds(0, 60), 5),
  algorithms: v.optional(algorithmList(asymmetricAlgorithms), [...asymmetricAlgorithms]),
  nonce: v.optional(nonce, false),
  replayCache: v.optional(replayCache),
})

/** Proof of possession by a key of the client (RFC 9449). */
export const dpop = v.pipe(
  v.union([mode, v.record(v.string(), v.unknown())], 'must be "off", "allowed", "required" or { mode, ... }'),
  v.transform((value): unknown => (typeof value === 'string' ? { mode: value } : value)),
  dpopSection,
)

const addressBlock = v.pipe(
  text('an address or a CIDR block'),
  v.check(isAddressBlock, 'must be an address or a CIDR block'),
)

function isAddressBlock(value: string): boolean {
  const [address = '', bits, ...rest] = value.split('/')
  const longest = { 4: 32, 6: 128 }[isIP(address)]
  if (longest === undefined || rest.length > 0) return false
  return bits === undefined || (/^\d{1,3}$/.test(bits) && Number(bits) <= longest)
}

const mtlsSection = v.variant(
  'source',
  [
    section({ source: v.literal('off') }),
    section({ source: v.literal('socket'), required: v.optional(flag, false) }),
    section({
      source: v.literal('header'),
      header: headerName,
      format: v.picklist(['pem-urlencoded', 'rfc9440', 'xfcc'], 'must be pem-urlencoded, rfc9440 or xfcc'),
      trustedProxies: v.pipe(v.array(addressBlock), v.minLength(1, 'must name at least one proxy')),
      required: v.optional(flag, false),
    }),
  ],
  'must be "off", { source: "socket" } or { source: "header", header, format, trustedProxies }',
)

/** Proof of possession by a client certificate (RFC 8705). */
export const mtls = v.pipe(
  v.unknown(),
  v.transform((value): unknown => (value === 'off' ? { source: 'off' } : value)),
  mtlsSection,
)
