import { jest } from '@jest/globals'
import type { SessionRecord } from '../../../lib/session/record.js'
import type { FoundSession, SessionStorage } from '../../../lib/session/storage/storage.js'

/** A storage inside of another one: it passes on what it is given, and a test decides what it finds. */
export function innerStorage(found?: FoundSession) {
  return {
    read: jest.fn((..._given: Parameters<SessionStorage['read']>): FoundSession => found),
    absence: jest.fn((..._given: Parameters<SessionStorage['absence']>) => ({ seen: 'of the storage' })),
    find: jest.fn((kept: SessionRecord): SessionRecord | undefined => kept),
    save: jest.fn((saved: SessionRecord, _base: SessionRecord | undefined) => saved),
    touch: jest.fn((_next: SessionRecord, _base: SessionRecord): void => undefined),
    end: jest.fn((_ended: SessionRecord): void => undefined),
    write: jest.fn((_written: SessionRecord, _cookies: object): readonly string[] => ['written']),
    clear: jest.fn((..._given: Parameters<SessionStorage['clear']>): readonly string[] => ['cleared']),
  } satisfies SessionStorage
}
