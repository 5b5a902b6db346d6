/**
 * Whether this process is known to be one of several of one application: a worker of `node:cluster`, or a process that PM2
 * has numbered.
 */
export function isOneOfSeveral(environment: Readonly<Record<string, string | undefined>> = process.env): boolean {
  if (environment['NODE_APP_INSTANCE'] !== undefined) return true
  // In a worker, this module is already loaded.
  return Reflect.get(process.getBuiltinModule('node:cluster'), 'isWorker') === true
}
