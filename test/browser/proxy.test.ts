import { afterEach, describe, expect, test } from '@jest/globals'
import { createServer, type RequestListener } from 'node:http'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { listen } from '../kit/listen.js'
import { root } from '../setup/tree.js'

type Proxy = (ports: () => readonly number[]) => RequestListener

// The example is JavaScript, which has its own type check: imported by a name that this one does not follow.
const { proxy }: { proxy: Proxy } = await import(join(root, 'example-app', 'start', 'proxy.js'))

const closers: (() => Promise<void>)[] = []

async function serve(listener: RequestListener): Promise<URL> {
  const { origin, close } = await listen(createServer(listener))
  closers.push(close)
  return new URL(origin)
}

async function deadPort(): Promise<number> {
  const { origin, close } = await listen(createServer())
  await close()
  return Number(new URL(origin).port)
}

const echo: RequestListener = async (req, res) => res.end(`${req.method} ${await text(req)}`)
const dying: RequestListener = (req) => void req.once('data', () => req.socket.destroy()).resume()

describe('the demo’s proxy', () => {
  afterEach(async () => {
    await Promise.all(closers.splice(0).map((close) => close()))
  })

  test('asks the next process, with the whole body, where one process is dead', async () => {
    const ports = [await deadPort(), Number((await serve(echo)).port)]
    const front = await serve(proxy(() => ports))
    for (let turn = 0; turn < 4; turn += 1) {
      const answer = await fetch(front, { method: 'POST', body: 'an order' })
      expect([answer.status, await answer.text()]).toEqual([200, 'POST an order'])
    }
  })

  test('never sends a body twice, since a dying process may have acted on it', async () => {
    let orders = 0
    const counted: RequestListener = (_req, res) => res.end(String((orders += 1)))
    const ports = [Number((await serve(counted)).port), Number((await serve(dying)).port)]
    const front = await serve(proxy(() => ports))
    const statuses: number[] = []
    for (let turn = 0; turn < 4; turn += 1) statuses.push((await fetch(front, { method: 'POST', body: 'x' })).status)
    expect(statuses.toSorted()).toEqual([200, 200, 503, 503])
    expect(orders).toBe(2)
  })

  test('says so where no process is left', async () => {
    const front = await serve(proxy(() => []))
    const answer = await fetch(front)
    expect([answer.status, answer.headers.get('retry-after')]).toEqual([503, '2'])
  })
})
