/** The device that a session is bound to, or may still be bound to. */
export interface SessionDevice {
  /** Names the binding: 96 random bits, new at each login. */
  readonly id: string
  /** SHA-256 thumbprint of the device's key (RFC 7638); absent until the browser has registered one. */
  readonly thumbprint?: string
  /** Until when the browser may register a key, in seconds since the epoch; absent once it has. */
  readonly offeredUntil?: number
}

/** The device as a tuple, since cookies have little room. */
export function toDeviceTuple(device: SessionDevice | undefined): readonly (string | number)[] | undefined {
  return device && [device.id, device.thumbprint ?? device.offeredUntil ?? 0]
}

/** Reads a device from its tuple; `undefined` if another version wrote it. */
export function fromDeviceTuple(value: unknown): SessionDevice | undefined {
  if (!Array.isArray(value)) return undefined
  const members: readonly unknown[] = value
  const [id, state] = members
  if (typeof id !== 'string') return undefined
  if (typeof state === 'number') return { id, offeredUntil: state }
  return typeof state === 'string' ? { id, thumbprint: state } : undefined
}
