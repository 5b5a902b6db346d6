// Times of one call are all in the same unit, milliseconds or seconds.

/** The age of what was noted at a moment. A clock that was set back does not make it younger than it is. */
export function ageOf(moment: number, now: number): number {
  return Math.abs(now - moment)
}

/** What is left until a moment, at least 0. A clock that was set back does not make a wait longer than any can be. */
export function waitUntil(moment: number, now: number, longest: number): number {
  const wait = moment - now
  return wait > longest ? 0 : Math.max(0, wait)
}

/** Whether a moment is yet to come by more than clocks may differ. */
export function isAhead(moment: number, now: number, tolerance: number): boolean {
  return moment > now + tolerance
}

/** Whether something is a date that is at most so old, and not ahead by more than clocks may differ. */
export function isRecent(date: unknown, now: number, maxAge: number, tolerance: number): boolean {
  return typeof date === 'number' && now - date <= maxAge && !isAhead(date, now, tolerance)
}
