import { spawn } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** Starts redis-server on a free port of the loopback interface, keeping nothing; `undefined` where it is not installed. */
export async function startRedis() {
  const folder = await mkdtemp(join(tmpdir(), 'bench-redis-'))
  const port = await freePort()
  const args = ['--bind', '127.0.0.1', '--port', port, '--save', '', '--appendonly', 'no', '--dir', folder]
  const child = spawn('redis-server', args.map(String), { stdio: ['ignore', 'pipe', 'ignore'] })
  const isReady = await new Promise((resolve) => {
    let said = ''
    child.once('error', () => resolve(false))
    child.once('exit', () => resolve(false))
    // Keep reading, so that the pipe never fills up.
    child.stdout.setEncoding('utf8').on('data', (text) => {
      if (said.length < 10_000 && /Ready to accept connections/.test((said += text))) resolve(true)
    })
  })
  const clean = () => rm(folder, { recursive: true, force: true })
  if (!isReady) return void (await clean())
  return {
    url: `redis://127.0.0.1:${port}`,
    async stop() {
      const ended = new Promise((resolve) => child.once('exit', resolve))
      child.kill()
      await ended
      await clean()
    },
  }
}

function freePort() {
  return new Promise((resolve, reject) => {
    const probe = createServer().once('error', reject)
    probe.listen(0, '127.0.0.1', () => {
      const { port } = probe.address()
      probe.close(() => resolve(port))
    })
  })
}
