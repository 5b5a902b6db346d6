/**
 * Whether this process is known to be one of several that serve the same application: a worker of `node:cluster`, or one that
 * PM2 has numbered.
 */
export function isOneOfSeveral(environment: Readonly<Record<string, string | undefined>> = process.env): boolean {
  if (environment['NODE_APP_INSTANCE'] !== undefined) return true
  // Loaded already in whatever is a worker.
  return Reflect.get(process.getBuiltinModule('node:cluster'), 'isWorker') === true
}
