// Starts the example application from a fresh clone: installs what is missing, builds what is stale, runs the rest.
import { join } from 'node:path'
import { readArguments } from '../example-app/start/arguments.js'
import { demoPackages } from './few-packages.js'
import { prepare, root, runProgram } from './fresh-clone.js'

// Before anything is installed: help and mistyped arguments are answered at once.
const { help, problem } = readArguments(process.argv.slice(2))
if (!help && problem === undefined) prepare('demo', { packages: demoPackages })
runProgram(join(root, 'example-app', 'main.js'))
