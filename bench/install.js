import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { machine } from './harness/machine.js'
import { interleaved, medians } from './harness/rounds.js'
import { number, progress, reportTargets, section, table, target } from './harness/table.js'
import { imported } from './install/imported.js'
import { install, pack, versionOf } from './install/installed.js'

export const summary = 'what import costs in time, and a production install in packages and bytes'

const own = 'express-oidc'
const peers = [
  'express-openid-connect',
  'express-oauth2-jwt-bearer',
  'aws-jwt-verify',
  'jose',
  'jsonwebtoken',
  'fast-jwt get-jwks',
  'express-jwt jwks-rsa',
  'passport-jwt jwks-rsa',
]

/** Installs each package together with Express in a separate folder, then imports them in turn. */
export async function run(command) {
  console.log(`# install\n\n${machine()}`)
  const root = await mkdtemp(join(tmpdir(), 'bench-install-'))
  try {
    return await report(await measure(command, root))
  } finally {
    await rm(root, { recursive: true })
  }
}

async function measure(command, root) {
  const specs = { express: [], [own]: [await pack(root)] }
  for (const peer of command.quick ? peers.slice(0, 2) : peers) {
    specs[peer] = await Promise.all(peer.split(' ').map(versionOf))
  }
  const installs = []
  for (const [name, packages] of Object.entries(specs)) {
    progress(`install ${name}`)
    const size = await install(join(root, name.replace(' ', '-')), [await versionOf('express'), ...packages])
    installs.push({ name, ...size })
  }
  progress('import')
  const turns = await interleaved(installs, command.quick ? 7 : 21, ({ name, folder }) =>
    imported(folder, name.split(' ')),
  )
  return installs.map((entry) => ({ ...entry, ...medians(turns.get(entry)) }))
}

async function report(results) {
  const express = results.find(({ name }) => name === 'express')
  const beside = ({ packages }) => packages - express.packages
  const rows = results.map((entry) => {
    const { name, ms, cpu, rss, packages, bytes } = entry
    const extra = name === 'express' ? `(${packages})` : beside(entry)
    const megabytes = name === 'express' ? bytes : bytes - express.bytes
    return [name, number(ms), number(cpu), number(rss), extra, number(megabytes / 1024 ** 2)]
  })
  const columns = ['', 'import ms', 'CPU ms', 'RSS MB', 'packages beside express', 'MB beside express']
  section('Import and production install', table(columns, rows))
  const ours = results.find(({ name }) => name === own)
  return reportTargets([
    target(`import('${own}') in ms`, ours.ms, 40, true),
    target('packages beside express', beside(ours), 16, true),
  ])
}
