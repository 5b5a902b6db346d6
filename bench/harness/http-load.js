import autocannon from 'autocannon'

const connections = 50

/**
 * Sends `count` requests over 50 connections, and returns how long the responses took.
 *
 * @param headers - the headers of each request; connections divide them up, and share them if there are fewer than
 *   connections
 */
export async function sendLoad({ port, path, headers, count }) {
  const share = (i) => headers.filter((_, n) => n % connections === i % Math.min(connections, headers.length))
  let connection = 0
  let answers = 0
  let end
  const begin = process.hrtime.bigint()
  const cpu = process.cpuUsage()
  const result = await autocannon({
    url: `http://127.0.0.1:${port}${path}`,
    connections,
    amount: count,
    sampleInt: 50,
    setupClient(client) {
      client.setRequests(share(connection++).map((one) => ({ headers: one })))
      client.on('response', () => {
        if (++answers === count) end = process.hrtime.bigint()
      })
    },
  })
  if (end === undefined || result.errors > 0)
    throw new Error(`${answers} answers to ${count} requests, ${result.errors} errors`)
  const seconds = Number(end - begin) / 1e9
  const own = process.cpuUsage(cpu)
  return {
    rate: count / seconds,
    p50: result.latency.p50,
    p99: result.latency.p99,
    non2xx: result.non2xx,
    busy: (own.user + own.system) / 1e6 / seconds,
  }
}
