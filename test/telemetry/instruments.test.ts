import { expect, test } from '@jest/globals'
import { counter, secondsHistogram } from '../../lib/telemetry/instruments.js'

const fail = (): never => {
  throw new Error('the exporter is broken')
}
const broken = { createCounter: () => ({ add: fail }), createHistogram: () => ({ record: fail }) }

test('a meter that throws costs a measurement, and not the process, which errors of subscribers end', () => {
  expect(() => counter(broken, 'logins', 'login', 'Logins')({})).not.toThrow()
  expect(() => secondsHistogram(broken, 'duration', 'Duration')(1, {})).not.toThrow()
})
