// All times of one call must have the same unit: milliseconds or seconds.

/** The time since a moment. It is absolute, so what was noted expires even if the clock was set back. */
export function ageOf(moment: number, now: number): number {
  return Math.abs(now - moment)
}

/**
 * The time until a moment, at least 0. A wait that is longer than possible means that the clock was set back, so it is
 * over.
 */
export function waitUntil(moment: number, now: number, longest: number): number {
  const wait = moment - now
  return wait > longest ? 0 : Math.max(0, wait)
}

/** Whether a moment is in the future by more than the tolerance for clocks. */
export function isAhead(moment: number, now: number, tolerance: number): boolean {
  return moment > now + tolerance
}

/** Whether a value is a date no older than `maxAge`, and not in the future by more than the tolerance. */
export function isRecent(date: unknown, now: number, maxAge: number, tolerance: number): boolean {
  return typeof date === 'number' && now - date <= maxAge && !isAhead(date, now, tolerance)
}
