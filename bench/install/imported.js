import { execFile } from 'node:child_process'
import { promisify } from 'node:util'

const run = promisify(execFile)

/** Imports packages in a new process: milliseconds, CPU milliseconds and MB that it took. */
export async function imported(folder, names) {
  const script = `
    const rss = process.memoryUsage.rss()
    const cpu = process.cpuUsage()
    const start = performance.now()
    for (const name of ${JSON.stringify(names)}) await import(name)
    const ms = performance.now() - start
    const { user, system } = process.cpuUsage(cpu)
    const used = { ms, cpu: (user + system) / 1000, rss: (process.memoryUsage.rss() - rss) / 1024 ** 2 }
    console.log(JSON.stringify(used))
    process.exit()`
  const { stdout } = await run(process.execPath, ['--input-type=module', '-e', script], { cwd: folder })
  return JSON.parse(stdout)
}
