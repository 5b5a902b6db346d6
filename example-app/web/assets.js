import { createRequire } from 'node:module'
import { fileURLToPath } from 'node:url'
import express from 'express'

const require = createRequire(import.meta.url)
const pico = require.resolve('@picocss/pico/css/pico.jade.min.css')
const folder = fileURLToPath(new URL('../public', import.meta.url))

/**
 * Serves the stylesheets, the script and the icon below `/assets`.
 *
 * @returns {express.Router}
 */
export function assets() {
  const router = express.Router()
  router.get('/assets/pico.css', (_req, res) => res.sendFile(pico, { maxAge: '1h' }))
  router.use('/assets', express.static(folder, { index: false, maxAge: '1m' }))
  return router
}
