#!/usr/bin/env node
import { run } from './run.js'

void run(process.argv.slice(2), {
  isInteractive: process.stdout.isTTY,
  print: (text) => void process.stdout.write(`${text}\n`),
  fail: (text, status) => void process.stderr.write(`${text}\n`, () => process.exit(status)),
  end: (status) => void process.stdout.write('', () => process.exit(status)),
})
