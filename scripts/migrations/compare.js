import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { startRedis } from '../../bench/harness/redis-server.js'
import { Browser } from '../kit/browser.js'
import { freePort, start } from '../kit/processes.js'
import { overHttp1 } from '../kit/transports.js'
import { ask } from './ask.js'
import { Visitor } from './chromium.js'
import { startProvider } from './provider.js'

const own = fileURLToPath(new URL('.', import.meta.url))

/**
 * Runs `before.js` of a folder and then `after.js` at the same address, with the same provider, and takes the steps of its `steps.js` with each.
 * Returns what each did at each step. `browser` is a function, since some need none.
 */
export async function compare(name, browser) {
  const { steps, setting = {} } = await import(`./${name}/steps.js`)
  const folder = mkdtempSync(join(tmpdir(), `express-oidc-${name}-`))
  const home = `http://${setting.host ?? '127.0.0.1'}:${await freePort()}`
  const tls = setting.isTls ? makeCertificate(folder) : undefined
  const provider = await startProvider({ ...setting.provider, home, port: await freePort(), tls })
  const redis = setting.needsRedis ? await startRedis() : undefined
  const shared = { ca: tls?.cert, redisUrl: redis?.url, env: setting.env }
  const common = { home, issuer: provider.issuer, provider, stayed: new Map(), browser, ...shared }
  try {
    const before = await walk(steps, { ...common, side: 'before', program: programIn(name, 'before'), folder })
    const after = await walk(steps, { ...common, side: 'after', program: programIn(name, 'after'), folder })
    return steps.map(([step], index) => ({ step, before: before[index], after: after[index] }))
  } finally {
    for (const { context } of common.stayed.values()) await context.close()
    provider.close()
    await redis?.stop()
    rmSync(folder, { recursive: true, force: true })
  }
}

const programIn = (name, side) => [join(own, name, `${side}.js`), join(own, name, `${side}.cjs`)].find(existsSync)

async function walk(steps, { program, folder, ...common }) {
  const { home, issuer, provider, browser, side, ca } = common
  const log = join(folder, `${side}.log`)
  const options = { log, url: `${home}/`, env: environmentFor(common, folder), whatever: true }
  const started = () => start(process.execPath, [program], options).catch((error) => fail(error, log))
  let server = await started()
  const restart = async () => {
    await server.close()
    server = await started()
  }
  const visitors = new Map()
  /** Somebody with a browser, by name. Who `stays` is the same on both sides, cookies and all. */
  const visitor = async (name, { stays = false } = {}) => {
    const all = stays ? common.stayed : visitors
    if (!all.has(name)) all.set(name, await Visitor.come(await browser(), { home, issuer }))
    return all.get(name)
  }
  const askHere = (path, request) => ask({ home, issuer }, path, request)
  const windowless = () => new Browser((url, request) => overHttp1(url, { ...request, ca }))
  const state = { side, home, provider, visitor, windowless, restart, ask: askHere, memory: {} }
  try {
    const seen = []
    for (const [, act] of steps) seen.push(await outcome(() => act(state)))
    if (seen.some((each) => each.startsWith('broken'))) console.log(wordsIn(log))
    return seen
  } finally {
    for (const { context } of visitors.values()) await context.close()
    await server.close()
  }
}

const wordsIn = (log) => `--- ${log}\n${readFileSync(log, 'utf8').slice(-3000)}\n---`

function fail(error, log) {
  throw new Error(`${error.message}\n${wordsIn(log)}`)
}

async function outcome(act) {
  try {
    return String(await act())
  } catch (error) {
    return `broken: ${error.message.replaceAll(/\s+/g, ' ').slice(0, 300)}`
  }
}

function environmentFor({ home, provider, redisUrl = '', env }, folder) {
  const kept = ['PATH', 'HOME', 'TMPDIR', 'NODE_DEBUG']
  const certificate = join(folder, 'cert.pem')
  return {
    ...Object.fromEntries(Object.entries(process.env).filter(([name]) => kept.includes(name))),
    ...(existsSync(certificate) ? { NODE_EXTRA_CA_CERTS: certificate } : {}),
    PORT: new URL(home).port,
    BASE_URL: home,
    ISSUER: provider.issuer,
    CLIENT_ID: provider.clientId,
    CLIENT_SECRET: provider.clientSecret,
    SESSION_SECRET: 'a secret of this script, with more than 32 characters'.replaceAll(' ', '-'),
    AUDIENCE: provider.audience,
    REDIS_URL: redisUrl,
    ...env,
  }
}

function makeCertificate(folder) {
  const subject = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost']
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-keyout', 'key.pem']
  const args = ['req', '-x509', ...key, '-out', 'cert.pem', '-days', '1', ...subject]
  const { status, error } = spawnSync('openssl', args, { cwd: folder, stdio: 'ignore' })
  if (error !== undefined || status !== 0) throw new Error('openssl made no certificate')
  return { key: readFileSync(join(folder, 'key.pem')), cert: readFileSync(join(folder, 'cert.pem')) }
}
