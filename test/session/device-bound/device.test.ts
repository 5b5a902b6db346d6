import { describe, expect, test } from '@jest/globals'
import { fromDeviceTuple, toDeviceTuple } from '../../../lib/session/device-bound/device.js'
import { mergeRecords } from '../../../lib/session/merge.js'
import { fromPayload, toPayload } from '../../../lib/session/record.js'
import { start } from '../../kit/clock.js'
import { record } from '../example.js'

const offered = { id: 'binding', offeredUntil: start + 60 }
const bound = { id: 'binding', thumbprint: 'of-the-key' }

describe('the device of a session', () => {
  test.each([[offered], [bound]])('comes back from its tuple: %j', (device) => {
    expect(fromDeviceTuple(toDeviceTuple(device))).toEqual(device)
    expect(fromPayload(toPayload(record({ device }), start + 100))?.device).toEqual(device)
  })

  test.each([['text'], [['binding']], [[1, 2]], [['binding', null]]])('is not read from %j', (value) => {
    expect(fromDeviceTuple(value)).toBeUndefined()
    expect(fromPayload({ ...toPayload(record(), start + 100), dev: value })).toBeUndefined()
  })

  test('has a time that has passed where nobody knows any', () => {
    expect(toDeviceTuple({ id: 'binding' })).toEqual(['binding', 0])
    expect(toDeviceTuple(bound)).toEqual(['binding', 'of-the-key'])
    expect(toDeviceTuple(offered)).toEqual(['binding', start + 60])
    expect(toDeviceTuple(undefined)).toBeUndefined()
  })

  test('takes no room where there is none', () => {
    expect(toPayload(record(), start + 100)).not.toHaveProperty('dev')
  })
})

describe('the device in two concurrent requests', () => {
  const merged = (next: object, stored: object) => {
    const base = record()
    return mergeRecords(base, { ...base, ...next }, { ...base, ...stored }).device
  }

  test('stays bound, whatever the other request knows', () => {
    expect(merged({ device: offered }, { device: bound })).toBe(bound)
    expect(merged({}, { device: bound })).toBe(bound)
    expect(merged({ device: bound }, { device: offered })).toBe(bound)
  })

  test('is gone once it is known that no key was registered', () => {
    expect(merged({}, { device: offered })).toBeUndefined()
  })
})
