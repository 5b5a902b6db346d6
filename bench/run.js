import { keepToCore } from './harness/child.js'
import { benches, help, readCommand } from './harness/command.js'

const command = readCommand(process.argv.slice(2))
if (command.help) {
  console.log(help())
} else if (command.problem !== undefined) {
  console.error(`${command.problem}\n\n${help()}`)
  process.exitCode = 2
} else {
  // Children inherit it.
  if (command.library !== undefined) process.env.EXPRESS_OIDC_LIBRARY = command.library
  keepToCore()
  const targets = []
  for (const name of command.names) targets.push(...((await (await benches[name].load()).run(command)) ?? []))
  if (command.strict) process.exitCode = exitCode(targets)
}

// 1: a target is missed. 3: the machine is too noisy to say.
function exitCode(targets) {
  const has = (wanted) => targets.some(({ verdict }) => verdict === wanted)
  if (has('missed')) return 1
  return has('noisy') || has('absent') ? 3 : 0
}
