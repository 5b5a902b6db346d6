import { join } from 'node:path'
import ts from 'typescript'
import { root, textOf } from '../setup/tree.js'

/** A fenced block of code in a Markdown file. JavaScript is checked as strictly as TypeScript, whose subset it is here. */
export interface Snippet {
  /** From the project's folder. */
  readonly markdown: string
  /** Line of its first line of code, from 1. */
  readonly line: number
  readonly code: string
}

/** The blocks that are fenced as `ts` or `js`, in order. A block that begins deeper, in a list, loses that indentation. */
export function snippetsIn(markdown: string, text: string = textOf(markdown)): Snippet[] {
  const fence = /^([ \t]*)```(?:ts|js|typescript|javascript)\b[^\n]*\n([\s\S]*?)^\1```[ \t]*$/gm
  return [...text.matchAll(fence)].map(({ 0: whole, 1: indent = '', 2: code = '', index }) => ({
    markdown,
    line: text.slice(0, index + whole.indexOf('\n') + 1).split('\n').length,
    code: code.replaceAll(new RegExp(`^${indent}`, 'gm'), ''),
  }))
}

const options: ts.CompilerOptions = {
  target: ts.ScriptTarget.ES2023,
  module: ts.ModuleKind.NodeNext,
  moduleResolution: ts.ModuleResolutionKind.NodeNext,
  strict: true,
  exactOptionalPropertyTypes: true,
  noUncheckedIndexedAccess: true,
  skipLibCheck: true,
  noEmit: true,
  types: ['node'],
}

/**
 * Type-checks all snippets in one program, each a module of its own, against the built package: `express-oidc` is this
 * package's own name, which Node and TypeScript resolve to `dist`. Answers `file:line: message` for every error.
 */
export function errorsIn(snippets: readonly Snippet[]): string[] {
  const byPath = new Map(snippets.map((snippet) => [join(root, `snippets-${slug(snippet)}`, nameOf(snippet)), snippet]))
  const host = ts.createCompilerHost(options)
  // Only then are modules looked for in the folders of snippets, which are nowhere.
  host.directoryExists = () => true
  const { fileExists, readFile, getSourceFile } = host
  // `export {}` makes a module of a snippet that imports nothing, so that it may shadow the context and use await.
  const codeOf = (path: string) => (byPath.has(path) ? `${byPath.get(path)?.code}\nexport {}\n` : undefined)
  host.fileExists = (path) => byPath.has(path) || fileExists(path)
  host.readFile = (path) => codeOf(path) ?? readFile(path)
  host.getSourceFile = (path, language, ...rest) => {
    const code = codeOf(path)
    return code === undefined ? getSourceFile(path, language, ...rest) : ts.createSourceFile(path, code, language)
  }
  const context = ['context.d.ts', 'modules.d.ts'].map((name) => join(root, 'test', 'snippets', name))
  const program = ts.createProgram([...context, ...byPath.keys()], options, host)
  return ts.getPreEmitDiagnostics(program).map((diagnostic) => describeError(diagnostic, byPath))
}

function describeError({ file, start, messageText }: ts.Diagnostic, byPath: ReadonlyMap<string, Snippet>): string {
  const message = ts.flattenDiagnosticMessageText(messageText, ' ')
  if (file === undefined) return message
  const { line } = file.getLineAndCharacterOfPosition(start ?? 0)
  const snippet = byPath.get(file.fileName)
  const place = snippet === undefined ? `${file.fileName}:${line + 1}` : `${snippet.markdown}:${snippet.line + line}`
  return `${place}: ${message}`
}

// A snippet that begins with the name of its file can be imported by others of its document.
function nameOf({ line, code }: Snippet): string {
  return /^\/\/ ([a-z]+(?:\.test)?\.ts)\n/.exec(code)?.[1] ?? `${line}.ts`
}

const slug = ({ markdown }: Snippet) => markdown.replaceAll(/\W+/g, '-')
