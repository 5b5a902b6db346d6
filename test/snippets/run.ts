import ts from 'typescript'
import { snippetsIn } from './compile.js'

/** What a snippet finds around it. */
export interface Surroundings {
  /** What it may import, by specifier. */
  readonly modules?: Readonly<Record<string, unknown>>
  /** The application around it, by name. */
  readonly globals?: Readonly<Record<string, unknown>>
}

/** Runs the snippet of a page that has these words in it, as a program would import it. Resolves when it has run to its end. */
export async function runSnippet(page: string, words: string, around: Surroundings = {}): Promise<void> {
  const found = snippetsIn(page).filter(({ code }) => code.includes(words))
  const [snippet] = found
  if (snippet === undefined || found.length > 1) throw new Error(`${page} has ${found.length} snippets with ${words}`)
  const { outputText } = ts.transpileModule(snippet.code, {
    compilerOptions: { module: ts.ModuleKind.CommonJS, target: ts.ScriptTarget.ES2023 },
  })
  const { modules = {}, globals = {} } = around
  const names = { require: (name: string) => modules[name], exports: {}, ...globals }
  // eslint-disable-next-line @typescript-eslint/no-implied-eval -- the page's own code
  const run = new Function(...Object.keys(names), `return (async () => {${outputText}\n})()`) as (
    ...values: readonly unknown[]
  ) => Promise<void>
  await run(...Object.values(names))
}
