/*
 * The ES modules and the CommonJS files of this package are two copies in one process, with a set of error classes each. By a mark
 * that both know, `instanceof` accepts the errors of either.
 */

/** The member that marks the errors of both copies. */
export const ofThisPackage = Symbol.for('express-oidc.error')

/** `instanceof` as it is without {@link Symbol.hasInstance}. */
export function inherits(value: unknown, constructor: object): boolean {
  return Function.prototype[Symbol.hasInstance].call(constructor, value)
}

/** The classes of an error of either copy, from its own up to OidcError. */
export function classNames(value: unknown): readonly string[] {
  if (typeof value !== 'object' || value === null) return []
  const prototype = Reflect.getPrototypeOf(value)
  if (prototype === null || !(ofThisPackage in prototype)) return []
  return [prototype.constructor.name, ...classNames(prototype)]
}
