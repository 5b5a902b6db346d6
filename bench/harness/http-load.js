import { connect } from 'node:net'

const usual = 50

/**
 * Opens kept connections to a server, and sends a few requests over each: what a connection costs is not part of what is measured.
 *
 * @param headers - the headers of these first requests
 * @param first - their path, if it is another
 * @param connections - how many
 * @returns `send({ headers, count })`: sends `count` requests, each connection one after the other, and returns how long the answers
 *   took; `burst({ headers, bystander })`: one request over each connection at once; `close()`
 */
export async function openLoad({ port, path, headers, first = path, connections = usual }) {
  const lines = await Promise.all(Array.from({ length: connections }, () => openConnection(port)))
  const texts = requestTexts(port, first, headers)
  await Promise.all(lines.map(async (line, i) => line.request(texts[i % texts.length])))
  return {
    send: (load) => sendOver(lines, { ...load, texts: requestTexts(port, path, load.headers) }),
    burst: (load) => burstOver(lines, { ...load, texts: requestTexts(port, path, load.headers) }),
    close: () => lines.forEach(({ close }) => close()),
  }
}

/** Sends `count` requests over 50 new connections, and returns how long the answers took. */
export async function sendLoad({ port, path, headers, count }) {
  const load = await openLoad({ port, path, headers: headers.slice(0, usual) })
  try {
    return await load.send({ headers, count })
  } finally {
    load.close()
  }
}

async function sendOver(lines, { texts, count }) {
  const latencies = []
  let [next, non2xx] = [0, 0]
  const cpu = process.cpuUsage()
  const start = performance.now()
  const work = async (line) => {
    while (next < count) {
      const began = performance.now()
      const status = await line.request(texts[next++ % texts.length])
      latencies.push(performance.now() - began)
      if (status < 200 || status > 299) non2xx++
    }
  }
  await Promise.all(lines.map(work))
  const seconds = (performance.now() - start) / 1000
  const { user, system } = process.cpuUsage(cpu)
  return { rate: count / seconds, ...percentiles(latencies), non2xx, busy: (user + system) / 1e6 / seconds }
}

async function burstOver(lines, { texts, bystander }) {
  const began = performance.now()
  const answers = lines.map(async (line, i) => {
    const status = await line.request(texts[i % texts.length])
    return { status, ms: performance.now() - began }
  })
  const waited = bystander().then(() => performance.now() - began)
  const all = await Promise.all(answers)
  return {
    last: Math.max(...all.map(({ ms }) => ms)),
    bystander: await waited,
    statuses: all.map(({ status }) => status),
  }
}

/** The middle one, and the one that 99 % do not exceed. */
export function percentiles(numbers) {
  const sorted = numbers.toSorted((a, b) => a - b)
  const at = (share) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))]
  return { p50: at(0.5), p99: at(0.99) }
}

function requestTexts(port, path, headers) {
  return headers.map((one) => {
    const fields = Object.entries(one).map(([name, value]) => `${name}: ${value}\r\n`)
    return Buffer.from(`GET ${path} HTTP/1.1\r\nhost: 127.0.0.1:${port}\r\n${fields.join('')}\r\n`, 'latin1')
  })
}

/** One kept connection, on which one request after the other is made: it reads no more of an answer than where it ends. */
export async function openConnection(port) {
  const socket = connect({ port, host: '127.0.0.1', noDelay: true })
  await new Promise((resolve, reject) => socket.once('connect', resolve).once('error', reject))
  let waiting
  let answer = ''
  socket.setEncoding('latin1').on('data', (text) => {
    answer = answer === '' ? text : answer + text
    if (!isWhole(answer)) return
    const status = Number(answer.slice(9, 12))
    answer = ''
    waiting.resolve(status)
  })
  socket.on('close', () => waiting?.reject(new Error('the server has closed a connection')))
  socket.on('error', (error) => waiting?.reject(error))
  return {
    request: (text) =>
      new Promise((resolve, reject) => {
        waiting = { resolve, reject }
        socket.write(text)
      }),
    close: () => socket.destroy(),
  }
}

function isWhole(answer) {
  const end = answer.indexOf('\r\n\r\n')
  if (end === -1) return false
  const head = answer.slice(0, end)
  const length = /\r\ncontent-length: *(\d+)/i.exec(head)?.[1]
  if (length !== undefined) return answer.length >= end + 4 + Number(length)
  return /\r\ntransfer-encoding: *chunked/i.test(head) ? answer.endsWith('\r\n0\r\n\r\n') : true
}
