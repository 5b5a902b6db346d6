#!/usr/bin/env node
import { run } from './run.js'

void run(process.argv.slice(2), {
  print: (text) => void process.stdout.write(`${text}\n`),
  fail: (text) => {
    process.stderr.write(`${text}\n`)
    process.exitCode = 1
  },
})
