import { benches, help, readCommand } from './harness/command.js'

const command = readCommand(process.argv.slice(2))
if (command.help) {
  console.log(await help())
} else if (command.problem !== undefined) {
  console.error(`${command.problem}\n\n${await help()}`)
  process.exitCode = 2
} else {
  // Children inherit it.
  if (command.library !== undefined) process.env.EXPRESS_OIDC_LIBRARY = command.library
  const bench = await benches[command.name]()
  const isReached = await bench.run(command)
  if (command.strict && !isReached) process.exitCode = 1
}
