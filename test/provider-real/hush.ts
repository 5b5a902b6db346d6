/*
 * Imported before oidc-provider: on Node 20, which this package supports and the provider merely tolerates, it says so
 * on the console when it loads; and in jest's realm it does not find what would keep it from calling loopback hosts,
 * where the applications of tests are. Those lines are dropped, and no other.
 */
const { warn } = console
const notices = ['Unsupported runtime', 'failed to setup SSRF protection']
console.warn = (...args: unknown[]) => {
  const [line] = args
  if (typeof line === 'string' && notices.some((notice) => line.includes(`oidc-provider WARNING: ${notice}`))) return
  warn.apply(console, args)
}
