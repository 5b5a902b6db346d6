import { startChild } from '../harness/child.js'
import { openLoad } from '../harness/http-load.js'

/** Starts an application of several processes, and uses all of them alike. */
export async function startApplication({ processes, redisUrl, issuer }) {
  const children = Array.from({ length: processes }, (_, i) => startChild('scale/server.js', { cpu: i % 2 }))
  const ports = await Promise.all(children.map((child) => child.call('start', { redisUrl, issuer })))
  return {
    ports,
    signIn: (what) => children[0].call('signIn', what),
    /** Sends `count` requests to each process, over so many connections each. */
    async load({ path, cookies, count, connections }) {
      const headers = cookies.map((cookie) => ({ cookie, accept: 'application/json' }))
      const open = (port) => openLoad({ port, path, first: '/health', connections, headers: [{}] })
      const loads = await Promise.all(ports.map(open))
      return {
        run: () => Promise.all(loads.map((load) => load.send({ headers, count }))),
        close: () => loads.forEach((load) => load.close()),
      }
    },
    async cpu() {
      const used = await Promise.all(children.map((child) => child.call('cpu')))
      return used.reduce((sum, one) => sum + one, 0)
    },
    stop: () => children.forEach((child) => child.stop()),
  }
}
