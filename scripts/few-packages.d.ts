/** Names of packages. */
export const demoPackages: readonly string[]

/** An entry of a lock file. */
interface LockEntry {
  readonly version?: string
  readonly optional?: boolean
  readonly dev?: boolean
}

export function partOfLock(
  lock: { packages: Record<string, LockEntry> },
  names: readonly string[],
): {
  manifest: { dependencies: Record<string, string> }
  lock: { packages: Record<string, LockEntry> }
}
