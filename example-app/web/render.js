import { fileURLToPath } from 'node:url'
import { Eta } from 'eta'

const eta = new Eta({ views: fileURLToPath(new URL('../views', import.meta.url)), cache: true })

/**
 * Renders a page; every value is escaped unless a template says otherwise.
 *
 * @param {string} view Path in `views/`, without its extension.
 * @param {Record<string, unknown>} data The template's `it`.
 * @returns {string}
 */
export function render(view, data) {
  return eta.render(view, data)
}
