/*
 * Imported before oidc-provider: on Node 20, which this package supports and the provider merely tolerates, it says so
 * on the console when it loads. That one line is dropped, once, and the console is itself again.
 */
const { warn } = console
console.warn = (...args: unknown[]) => {
  const [line] = args
  const notice = typeof line === 'string' && line.includes('oidc-provider WARNING: Unsupported runtime')
  if (!notice) return warn.apply(console, args)
  console.warn = warn
}
