import { pages } from '../pages.js'

export const steps = Object.values(pages)
