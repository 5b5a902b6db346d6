import { expect, test } from '@jest/globals'
import { DeviceBoundStorage, type DeviceRules } from '../../../lib/session/device-bound/device-storage.js'
import type { SessionRecord } from '../../../lib/session/record.js'
import type { SessionStorage } from '../../../lib/session/storage/storage.js'
import { record as recordOf } from '../example.js'

test('a session that is saved twice before its browser has it is offered one binding', () => {
  const announced: string[] = []
  const offer: DeviceRules['offer'] = (record) => {
    const id = `device-${announced.length + 1}`
    return { record: { ...record, device: { id, offeredUntil: 1 } }, header: id }
  }
  const inner: Pick<SessionStorage, 'save'> = { save: (record) => record }
  const storage = new DeviceBoundStorage(
    inner as SessionStorage,
    { offer } as DeviceRules,
    (header) => void announced.push(header),
  )
  const saved = storage.save(recordOf(), undefined) as SessionRecord
  expect(storage.save(saved, undefined)).toEqual({ ...recordOf(), device: { id: 'device-1', offeredUntil: 1 } })
  expect(announced).toEqual(['device-1'])
})
