import { storeName } from '../../base/store/store-name.js'
import type { ApplicationWith } from '../relying-party.js'
import type { UsedIds } from '../../session/shared/used-ids.js'

const tokenBytes = 16

/** Remembers for which logins a key was registered, by the name of their binding. */
export function registrationsOf({
  audience,
  runtime,
  sharedStore,
  usedIdsOf,
}: ApplicationWith<'audience' | 'runtime' | 'sharedStore' | 'usedIdsOf'>): UsedIds {
  const key = ['device registration', ...audience]
  if (sharedStore === undefined) return usedIdsOf(key)
  const nameOf = (device: string): string => storeName('logout', [key, device])
  return {
    has: async (device) => (await sharedStore.get([nameOf(device)]))[0] !== undefined,
    add: (device, milliseconds) => {
      const name = nameOf(device)
      // Known to this attempt only, so that it removes no earlier registration.
      const token = runtime.randomBytes(tokenBytes).toString('base64url')
      return sharedStore.add(name, token, milliseconds).catch((error: unknown) => {
        // A slow store may still remember a key for which the browser gets no proof: the session would not count any more. The
        // removal is sent after it, and undoes that.
        void sharedStore.remove(name, token).catch(() => undefined)
        throw error
      })
    },
  }
}
