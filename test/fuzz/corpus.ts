import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

/** The texts that are kept of a parser: one for each thing that can become of a text, and those that once broke a promise. */
export class Corpus {
  readonly #path: string
  readonly texts: string[]

  constructor(name: string) {
    this.#path = fileURLToPath(new URL(`corpus/${name}.json`, import.meta.url))
    const kept: unknown = existsSync(this.#path) ? JSON.parse(readFileSync(this.#path, 'utf8')) : []
    if (!Array.isArray(kept) || !kept.every((text) => typeof text === 'string'))
      throw new TypeError(`${this.#path}: texts`)
    this.texts = kept
  }

  /** Writes a further text to the file. */
  keep(text: string): void {
    this.texts.push(text)
    writeFileSync(this.#path, `${JSON.stringify(this.texts, undefined, 2)}\n`)
  }
}
