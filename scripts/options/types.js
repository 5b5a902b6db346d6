// The members of the public option types, as their TSDoc describes them.
import ts from 'typescript'
import { join } from 'node:path'

const settings = {
  target: ts.ScriptTarget.ES2023,
  module: ts.ModuleKind.NodeNext,
  moduleResolution: ts.ModuleResolutionKind.NodeNext,
  strict: true,
  exactOptionalPropertyTypes: true,
  types: ['node'],
  lib: ['lib.es2023.d.ts', 'lib.dom.d.ts'],
  noEmit: true,
}

/** Reads types of the entries of lib. */
export class OptionTypes {
  #program
  #checker
  #entries

  /** @param entries - paths of files from `root` */
  constructor(root, entries) {
    this.#program = ts.createProgram(
      entries.map((entry) => join(root, entry)),
      settings,
    )
    this.#checker = this.#program.getTypeChecker()
    this.#entries = new Map(entries.map((entry) => [entry, this.#program.getSourceFile(join(root, entry))]))
  }

  /** The description of an exported type or function, and its example. */
  describe(entry, name) {
    return docOf(this.#exported(entry, name), this.#checker)
  }

  /** Members of an exported type, and those of the objects within, by path. */
  members(entry, name) {
    const type = this.#checker.getDeclaredTypeOfSymbol(this.#exported(entry, name))
    return this.#membersOf(type, '', [])
  }

  #exported(entry, name) {
    const module = this.#checker.getSymbolAtLocation(this.#entries.get(entry))
    const symbol = this.#checker.getExportsOfModule(module).find((each) => each.name === name)
    if (symbol === undefined) throw new Error(`${entry} does not export ${name}`)
    return symbol.flags & ts.SymbolFlags.Alias ? this.#checker.getAliasedSymbol(symbol) : symbol
  }

  #membersOf(type, prefix, outer) {
    const parts = type.isUnion() ? type.types : [type]
    const symbols = new Map()
    for (const part of parts) {
      for (const symbol of this.#checker.getPropertiesOfType(part)) {
        symbols.set(symbol.name, [...(symbols.get(symbol.name) ?? []), symbol])
      }
    }
    return [...symbols].flatMap(([name, all]) => {
      const path = `${prefix}${name}`
      const given = all.filter((symbol) => !this.#isNever(symbol))
      if (given.length === 0) return []
      const isEverywhere = all.length === parts.length && given.length === all.length
      const isGiven = (symbol) => (symbol.flags & ts.SymbolFlags.Optional) === 0
      const isRequired = isEverywhere && given.every(isGiven)
      const required = isRequired ? 'always' : given.some(isGiven) ? 'sometimes' : 'never'
      const own = { path, ...this.#memberOf(given), required }
      return [own, ...byPath(given.flatMap((member) => this.#inner(member, path, outer)))]
    })
  }

  #isNever(symbol) {
    const type = this.#checker.getTypeOfSymbol(symbol)
    return (type.flags & (ts.TypeFlags.Never | ts.TypeFlags.Undefined)) !== 0
  }

  #memberOf(symbols) {
    const documented = symbols.filter((symbol) => symbol.getDocumentationComment(this.#checker).length > 0)
    const [symbol] = documented.length > 0 ? documented : symbols
    const types = symbols.map((each) => typeText(each.declarations?.[0]))
    return {
      ...docOf(symbol, this.#checker),
      type: [...new Set(types)].join(' | '),
      declaration: symbol.declarations?.[0],
      // Not a member of `RequestInit`, for example.
      isOurs:
        symbol.declarations?.some(
          (node) => node.getSourceFile().fileName.includes('/lib/') && !node.getSourceFile().isDeclarationFile,
        ) === true,
    }
  }

  /** Members of the objects that an option may be, or hold. */
  #inner(symbol, path, outer) {
    const type = this.#checker.getTypeOfSymbol(symbol)
    return this.#objectsIn(type, path).flatMap(([object, at]) => {
      if (outer.includes(object)) return []
      return this.#membersOf(object, `${at}.`, [...outer, object])
    })
  }

  #objectsIn(type, path) {
    if (type.isUnion()) return type.types.flatMap((each) => this.#objectsIn(each, path))
    if (this.#checker.isArrayType(type) || this.#checker.isTupleType(type)) {
      return this.#checker.getTypeArguments(type).flatMap((each) => this.#objectsIn(each, `${path}[]`))
    }
    if ((type.flags & (ts.TypeFlags.Object | ts.TypeFlags.Intersection)) === 0) return []
    if (type.getCallSignatures().length > 0) return []
    const index = this.#checker.getIndexInfoOfType(type, ts.IndexKind.String)
    if (index !== undefined) return this.#objectsIn(index.type, `${path}.*`)
    return isOfOptions(type, this.#checker) ? [[type, path]] : []
  }
}

// Objects of the caller with methods of their own, such as a store or a key, are handed over as they are.
function isOfOptions(type, checker) {
  const properties = checker.getPropertiesOfType(type)
  const isNamedSo = /Options$/.test(type.aliasSymbol?.name ?? type.symbol?.name ?? '')
  const ours = (symbol) =>
    (symbol.declarations ?? []).some((node) =>
      /\/lib\/(?:options|testing|middleware|policy)\//.test(node.getSourceFile().fileName),
    )
  const isMethod = (symbol) => {
    const own = checker.getNonNullableType(checker.getTypeOfSymbol(symbol))
    return (
      (symbol.flags & ts.SymbolFlags.Method) !== 0 &&
      (symbol.flags & ts.SymbolFlags.Optional) === 0 &&
      own.getCallSignatures().length > 0
    )
  }
  return properties.length > 0 && properties.every(ours) && (isNamedSo || !properties.some(isMethod))
}

// Of alternatives with one member, that with a description counts.
function byPath(members) {
  const found = new Map()
  for (const member of members) {
    const before = found.get(member.path)
    if (before === undefined) found.set(member.path, member)
    else {
      const types = [...new Set([before.type, member.type])].join(' | ')
      const [described] = before.description === '' ? [member] : [before]
      found.set(member.path, { ...described, type: types })
    }
  }
  return [...found.values()]
}

function docOf(symbol, checker) {
  const tags = symbol.getJsDocTags(checker)
  const textsOf = (name) =>
    tags.filter((tag) => tag.name === name).map((tag) => ts.displayPartsToString(tag.text).trim())
  return {
    description: ts.displayPartsToString(symbol.getDocumentationComment(checker)).trim(),
    default: textsOf('default')[0],
    see: textsOf('see'),
    example: textsOf('example')[0],
    isExperimental: tags.some((tag) => tag.name === 'experimental'),
  }
}

function typeText(node) {
  if (node === undefined) return 'unknown'
  if (ts.isMethodSignature(node)) {
    const parameters = node.parameters.map((each) => each.getText()).join(', ')
    return plain(`(${parameters}) => ${node.type?.getText() ?? 'void'}`)
  }
  return plain(node.type?.getText() ?? 'unknown')
}

function plain(text) {
  return text
    .replace(/\/\*\*[\s\S]*?\*\//g, '')
    .replace(/\s+/g, ' ')
    .replace(/^\| /, '')
    .replace(/ \| undefined\b(?!>)/g, '')
    .replace(/^\((.*)\)$/, (whole, inner) => (isBalanced(inner) ? inner : whole))
    .trim()
}

function isBalanced(text) {
  let depth = 0
  for (const character of text) {
    if (character === '(') depth += 1
    if (character === ')') depth -= 1
    if (depth < 0) return false
  }
  return depth === 0
}
