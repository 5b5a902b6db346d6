import { describe, expect, test } from '@jest/globals'
import { EventEmitter } from 'node:events'
import { SocketWatches } from '../../../lib/middleware/http/socket-watches.js'

function setUp() {
  const watches = new SocketWatches()
  const socket = Object.assign(new EventEmitter(), { destroyed: false })
  const ended: string[] = []
  const add = (name: string, { res, closed = false }: { res?: EventEmitter; closed?: boolean } = {}): void =>
    watches.add({ socket, closed } as never, () => ended.push(name), res as never)
  return { socket, ended, add }
}

describe('a watch', () => {
  test('ends with the response, and not with the next request, which may have come before', () => {
    const { socket, ended, add } = setUp()
    const responses = [new EventEmitter(), new EventEmitter()]
    for (const [index, res] of responses.entries()) add(String(index), { res, closed: true })
    expect(ended).toEqual([])
    for (const res of responses) res.emit('close')
    expect(ended).toEqual(['0', '1'])
    socket.emit('close')
    expect(ended).toEqual(['0', '1'])
  })

  test('ends with the socket, whether or not the response says so', () => {
    const { socket, ended, add } = setUp()
    const res = new EventEmitter()
    add('with a response', { res })
    add('without')
    socket.emit('close')
    res.emit('close')
    expect(ended).toEqual(['with a response', 'without'])
  })

  test('whose response is not known ends with the next request', () => {
    const { socket, ended, add } = setUp()
    add('complete', { closed: true })
    add('next')
    expect([ended, socket.listenerCount('close')]).toEqual([['complete'], 1])
  })

  test('ends at once where the response or the socket is closed', () => {
    const { socket, ended, add } = setUp()
    add('response', { res: Object.assign(new EventEmitter(), { destroyed: true }) })
    socket.destroyed = true
    add('socket')
    expect([ended, socket.listenerCount('close')]).toEqual([['response', 'socket'], 0])
  })
})
