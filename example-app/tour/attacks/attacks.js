import { changedCookie, readCookie } from './cookie.js'
import { stolenCode } from './code.js'
import { forgedForm, sentAway } from './request.js'
import { changedToken, tokenWithoutKey } from './token.js'

/**
 * What an attacker tries, with the real application.
 *
 * @typedef {object} Attack
 * @property {string} id
 * @property {string} title
 * @property {string} how
 * @property {(tour: import('../types.js').Tour) => Promise<import('../types.js').Line[]>} run
 */

/** @type {readonly Attack[]} */
export const attacks = [readCookie, changedCookie, stolenCode, changedToken, tokenWithoutKey, forgedForm, sentAway]
