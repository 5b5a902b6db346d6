import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { compare, reportComparison, setsOf } from './harness/comparison.js'
import { load, machine } from './harness/machine.js'
import { number, progress, reportTargets, section, table, target } from './harness/table.js'
import { imported } from './install/imported.js'
import { install, pack, versionOf } from './install/installed.js'
import { judge, questions, takingPart } from './targets.js'

const own = 'express-oidc'
const forApis = 'express-oidc/bearer'
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
const rounds = { quick: 4, full: 7 }

/** Installs each package together with Express in a separate folder, then imports them in turn, each time in a new process. */
export async function run(command) {
  console.log(`# install\n\n${machine()}; ${load()}`)
  const root = await mkdtemp(join(tmpdir(), 'bench-install-'))
  try {
    const installs = await installAll(command, root)
    const plan = { rounds: rounds[command.quick ? 'quick' : 'full'], sets: setsOf(command, 5) }
    const open = async ({ folder, modules }) => ({ measure: () => imported(folder, modules), close() {} })
    const { folder } = installs.find(({ name }) => name === own)
    const all = [...installs, { name: forApis, modules: [forApis], folder }]
    const contenders = takingPart('import', all, command)
    const comparison = await compare({ title: questions.import.question, contenders, plan, open })
    reportComparison(comparison, columns)
    return reportTargets([...judge('import', comparison), ...reportInstalls(installs)])
  } finally {
    await rm(root, { recursive: true })
  }
}

const columns = [
  ['ms', ({ ms }) => number(ms)],
  ['CPU ms', ({ cpu }) => number(cpu)],
  ['RSS MB', ({ rss }) => number(rss)],
]

async function installAll(command, root) {
  const specs = { express: [], [own]: [await pack(root)] }
  for (const peer of command.quick ? peers.slice(0, 2) : peers) {
    specs[peer] = await Promise.all(peer.split(' ').map(versionOf))
  }
  const installs = []
  for (const [name, packages] of Object.entries(specs)) {
    progress(`install ${name}`)
    const size = await install(join(root, name.replace(' ', '-')), [await versionOf('express'), ...packages])
    installs.push({ name, modules: name.split(' '), ...size })
  }
  return installs
}

function reportInstalls(installs) {
  const express = installs.find(({ name }) => name === 'express')
  const beside = ({ packages }) => packages - express.packages
  const megabytes = ({ bytes }) => (bytes - express.bytes) / 1024 ** 2
  const rows = installs.map((one) => [
    one.name,
    one === express ? `(${one.packages})` : beside(one),
    number(megabytes(one)),
  ])
  section('What does a production install bring?', table(['', 'packages beside express', 'MB beside express'], rows))
  const ours = installs.find(({ name }) => name === own)
  return [
    target('packages beside express', beside(ours), 12, true),
    target('MB beside express', megabytes(ours), 5, true),
  ]
}
