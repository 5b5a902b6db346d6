import { describe, expect, test } from '@jest/globals'
import { TargetQuota } from '../../../../lib/relying-party/login/transaction/target-quota.js'
import { Clock } from '../../../kit/clock.js'

describe('a shared store of return targets', () => {
  test('takes 600 long ones in a minute, and the browser’s cookie takes the others', () => {
    const clock = new Clock()
    const quota = new TargetQuota(clock)
    const taken = () => Array.from({ length: 700 }, () => quota.take()).filter(Boolean).length
    expect([taken(), taken()]).toEqual([600, 0])
    clock.advance(60)
    expect(taken()).toBe(600)
    clock.advance(-3600)
    expect(taken()).toBe(600)
  })
})
