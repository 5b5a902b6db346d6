export function describeEntries(
  entries: readonly (readonly [name: string, path: string])[],
): { readonly name: string; readonly text: string }[]
