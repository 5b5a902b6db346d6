// Measures side by side with peers, from a fresh clone: installs what is missing, builds what is stale, runs the rest.
import { join } from 'node:path'
import { readCommand } from '../bench/harness/command.js'
import { prepare, root, runProgram } from './fresh-clone.js'

// Before anything is installed: help and mistyped arguments are answered at once.
const { help, problem } = readCommand(process.argv.slice(2))
if (!help && problem === undefined) prepare('bench', { folders: ['bench'] })
runProgram(join(root, 'bench', 'run.js'))
