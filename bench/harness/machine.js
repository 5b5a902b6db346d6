import { cpus, loadavg, totalmem } from 'node:os'

/** The machine in one line: what numbers depend on, and nothing that names it. */
export function machine() {
  const model = cpus()[0]?.model.trim() ?? process.arch
  const gigabytes = Math.round(totalmem() / 1024 ** 3)
  const { node, openssl } = process.versions
  return `${model}, ${cpus().length} cores, ${gigabytes} GB; ${process.platform}, Node ${node}, OpenSSL ${openssl}`
}

/** How busy it is: with others at work, only ratios mean something. */
export function load() {
  return `load average ${loadavg()[0].toFixed(2)}`
}
