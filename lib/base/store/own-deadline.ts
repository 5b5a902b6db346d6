/** Marks a store whose calls have a deadline of their own. Other copies of this package in the process know the mark, too. */
export const ownDeadline = Symbol.for('express-oidc.own-deadline')

/** Whether each call of a store ends in time by itself. */
export function hasOwnDeadline(store: object): boolean {
  return Reflect.get(store, ownDeadline) === true
}
