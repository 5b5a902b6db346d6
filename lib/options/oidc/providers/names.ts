const pattern = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/

/** Whether a text may be the name of a provider: one segment of a path, which is neither decoded nor a path by itself. */
export function isProviderName(name: string): boolean {
  return pattern.test(name)
}

/** What names are made of. */
export const whatNames = 'letters, digits, ".", "_" and "-", 64 at most, of which the first is a letter or digit'
