import { readdirSync, readFileSync, rmdirSync, rmSync, writeFileSync } from 'node:fs'
import { join, posix, relative } from 'node:path'
import ts from 'typescript'

/**
 * Leaves in a folder of declarations only what its entries export and what that refers to. The rest describes the inside of the
 * package, with types of its dependencies, which a program that imports the package would have to resolve as well.
 */
export function trimDeclarations(folder, entries) {
  const files = new Map()
  const fileOf = (path) => {
    if (!files.has(path)) files.set(path, new Declarations(path, readFileSync(join(folder, path), 'utf8'), need))
    return files.get(path)
  }
  // A file and one of its names; without a name, all that it exports.
  function need(path, name) {
    fileOf(path).keep(name)
  }

  for (const entry of entries) need(entry)
  for (const path of pathsIn(folder)) {
    if (files.has(path)) writeFileSync(join(folder, path), files.get(path).print())
    else rmSync(join(folder, path))
  }
  removeEmpty(folder)
}

/** The declarations of one file, and which of them are needed. */
class Declarations {
  #path
  #source
  #need
  #kept = new Set()
  #byName = new Map()
  #imports = new Map()
  #used = new Set()

  constructor(path, text, need) {
    this.#path = path
    this.#source = ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true)
    this.#need = need
    for (const statement of this.#source.statements) this.#index(statement)
  }

  #index(statement) {
    if (ts.isImportDeclaration(statement)) {
      for (const { local, imported } of bindingsOf(statement)) this.#imports.set(local, { statement, imported })
      return
    }
    for (const name of namesOf(statement)) this.#byName.set(name, [...(this.#byName.get(name) ?? []), statement])
  }

  keep(name) {
    for (const statement of this.#source.statements) if (isForAll(statement)) this.#keepStatement(statement)
    if (name === undefined) this.#keepAll()
    else this.#refer(name)
  }

  #keepAll() {
    for (const statement of this.#source.statements) {
      if (ts.isExportDeclaration(statement)) this.#followExport(statement)
      else if (isExported(statement)) this.#keepStatement(statement)
    }
  }

  #followExport(statement) {
    this.#kept.add(statement)
    const { moduleSpecifier, exportClause } = statement
    if (moduleSpecifier === undefined) return
    const target = this.#resolve(moduleSpecifier.text)
    if (target === undefined) return
    if (exportClause === undefined) this.#need(target)
    // `export type {} from` only loads the file.
    else if (exportClause.elements.length === 0) this.#need(target, '')
    else for (const { name, propertyName } of exportClause.elements) this.#need(target, (propertyName ?? name).text)
  }

  #refer(name) {
    for (const statement of this.#byName.get(name) ?? []) this.#keepStatement(statement)
    const found = this.#imports.get(name)
    if (found === undefined || this.#used.has(name)) return
    this.#used.add(name)
    const target = this.#resolve(found.statement.moduleSpecifier.text)
    if (target !== undefined) this.#need(target, found.imported)
  }

  #keepStatement(statement) {
    if (this.#kept.has(statement)) return
    this.#kept.add(statement)
    this.#visit(statement)
  }

  #visit(node) {
    const name = referenceIn(node)
    if (name !== undefined) this.#refer(leftmost(name))
    if (ts.isImportTypeNode(node)) this.#followImportType(node)
    ts.forEachChild(node, (child) => this.#visit(child))
  }

  #followImportType({ argument, qualifier }) {
    const target = this.#resolve(argument.literal.text)
    if (target !== undefined) this.#need(target, qualifier === undefined ? undefined : leftmost(qualifier))
  }

  #resolve(specifier) {
    if (!specifier.startsWith('.')) return undefined
    return posix.join(posix.dirname(this.#path), specifier).replace(/\.js$/, '.d.ts')
  }

  print() {
    const lines = this.#source.statements.flatMap((statement) => {
      if (ts.isImportDeclaration(statement)) return this.#printImport(statement)
      return this.#kept.has(statement) ? [statement.getFullText()] : []
    })
    return `${lines.join('').trim()}\n`
  }

  #printImport(statement) {
    const used = bindingsOf(statement).filter(({ local }) => this.#used.has(local))
    if (used.length === 0) return []
    const comments = statement.getFullText().slice(0, statement.getLeadingTriviaWidth())
    const star = used.find(({ imported }) => imported === undefined)
    const names = used.map(({ local, imported }) => (local === imported ? local : `${imported} as ${local}`))
    const clause = star === undefined ? `{ ${names.join(', ')} }` : `* as ${star.local}`
    return [`${comments}import type ${clause} from ${statement.moduleSpecifier.getText()};`]
  }
}

function bindingsOf({ importClause }) {
  const bindings = importClause?.namedBindings
  if (importClause?.name !== undefined) return [{ local: importClause.name.text, imported: 'default' }]
  if (bindings === undefined) return []
  if (ts.isNamespaceImport(bindings)) return [{ local: bindings.name.text, imported: undefined }]
  return bindings.elements.map(({ name, propertyName }) => ({
    local: name.text,
    imported: (propertyName ?? name).text,
  }))
}

function namesOf(statement) {
  if (ts.isVariableStatement(statement)) return statement.declarationList.declarations.map(({ name }) => name.text)
  return statement.name !== undefined && ts.isIdentifier(statement.name) ? [statement.name.text] : []
}

// `declare global`, and the `export {}` that makes a module of a file.
function isForAll(statement) {
  if (ts.isModuleDeclaration(statement)) return true
  return ts.isExportDeclaration(statement) && statement.moduleSpecifier === undefined
}

function isExported(statement) {
  return statement.modifiers?.some(({ kind }) => kind === ts.SyntaxKind.ExportKeyword) === true
}

function referenceIn(node) {
  if (ts.isTypeReferenceNode(node)) return node.typeName
  if (ts.isTypeQueryNode(node)) return ts.isImportTypeNode(node.exprName) ? undefined : node.exprName
  if (ts.isExpressionWithTypeArguments(node) || ts.isComputedPropertyName(node)) return node.expression
  return undefined
}

function leftmost(name) {
  if (ts.isQualifiedName(name)) return leftmost(name.left)
  return ts.isPropertyAccessExpression(name) ? leftmost(name.expression) : name.text
}

function pathsIn(folder) {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)).replaceAll('\\', '/'))
}

function removeEmpty(folder) {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    if (entry.isDirectory()) removeEmpty(join(folder, entry.name))
  }
  if (readdirSync(folder).length === 0) rmdirSync(folder)
}
