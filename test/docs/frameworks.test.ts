import { describe, expect, test } from '@jest/globals'
import { extname } from 'node:path'
import { rows, tableOf } from '../../scripts/compat/rows.js'
import { files, textOf } from '../setup/tree.js'

const page = textOf('docs/frameworks.md')
const folder = 'scripts/compat/recipes/'
const recipes = files('scripts').filter((path) => path.startsWith(folder) && !path.endsWith('.json'))
/** Express 4 takes what Express 5 takes. */
const same = [`${folder}express4/server.mjs`, `${folder}fastify-middie/server.mjs`]

describe('the page about frameworks', () => {
  test.each(recipes.filter((path) => !same.includes(path)))('shows %s as it is tested', (path) => {
    const language = extname(path)
      .slice(1)
      .replace(/^(?:js|ts)$/, 'm$&')
    expect(page).toContain(`\`\`\`${language}\n${textOf(path)}\`\`\``)
  })

  test('says what the recipes have in common that it does not show', () => {
    expect(textOf(`${folder}express4/server.mjs`)).toBe(textOf(`${folder}express/server.mjs`))
    const fastify = (plugin: string) => textOf(`${folder}fastify-${plugin}/server.mjs`)
    expect(fastify('middie').replace('@fastify/middie', '@fastify/express')).toBe(fastify('express'))
  })

  test('has a table of all rows that are tested, with their versions', () => {
    expect(page).toContain(`${tableOf(rows)}\n`)
  })

  test('has a recipe for each row, and a row for each recipe', () => {
    const used = new Set(rows.map(({ name, recipe = name }) => recipe))
    expect([...used].sort()).toEqual(
      [...new Set(recipes.map((path) => path.slice(folder.length).split('/')[0]))].sort(),
    )
  })
})
