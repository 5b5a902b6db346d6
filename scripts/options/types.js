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
  #public

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
    return this.#membersOf(type.isUnion() ? type.types : [type], '', [])
  }

  #exported(entry, name) {
    const module = this.#checker.getSymbolAtLocation(this.#entries.get(entry))
    const symbol = this.#checker.getExportsOfModule(module).find((each) => each.name === name)
    if (symbol === undefined) throw new Error(`${entry} does not export ${name}`)
    return symbol.flags & ts.SymbolFlags.Alias ? this.#checker.getAliasedSymbol(symbol) : symbol
  }

  /** Members of an object, which may have several forms. */
  #membersOf(parts, prefix, outer) {
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
      const requiredWith = required === 'sometimes' ? this.#mark(parts, name) : undefined
      const own = { path, ...this.#memberOf(given), required, requiredWith }
      return [own, ...byPath(given.flatMap((member) => this.#inner(member, path, outer)))]
    })
  }

  /** What the forms that demand a member have in common, and no other has: `source: 'header'`. */
  #mark(parts, name) {
    const demands = (part) => {
      const symbol = part.getProperty(name)
      return symbol !== undefined && !this.#isNever(symbol) && (symbol.flags & ts.SymbolFlags.Optional) === 0
    }
    const literalOf = (part, key) => {
      const symbol = part.getProperty(key)
      const type = symbol === undefined ? undefined : this.#checker.getTypeOfSymbol(symbol)
      return type?.isStringLiteral() === true ? type.value : undefined
    }
    const demanding = parts.filter(demands)
    const others = parts.filter((part) => !demands(part))
    for (const { name: key } of demanding[0].getProperties()) {
      const values = new Set(demanding.map((part) => literalOf(part, key)))
      const [value] = values
      if (values.size === 1 && value !== undefined && others.every((part) => literalOf(part, key) !== value))
        return `${key}: '${value}'`
    }
    return undefined
  }

  #isNever(symbol) {
    const type = this.#checker.getTypeOfSymbol(symbol)
    return (type.flags & (ts.TypeFlags.Never | ts.TypeFlags.Undefined)) !== 0
  }

  #memberOf(symbols) {
    const documented = symbols.filter((symbol) => symbol.getDocumentationComment(this.#checker).length > 0)
    const [symbol] = documented.length > 0 ? documented : symbols
    const types = symbols.map((each) => this.#typeText(each))
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
    const forms = new Map()
    for (const [object, at] of this.#objectsIn(type, path)) {
      if (!outer.includes(object)) forms.set(at, [...(forms.get(at) ?? []), object])
    }
    return [...forms].flatMap(([at, parts]) => this.#membersOf(parts, `${at}.`, [...outer, ...parts]))
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

  #typeText(symbol) {
    const node = symbol.declarations?.[0]
    if (node === undefined) return 'unknown'
    if (node.type !== undefined && this.#isParameter(node.type))
      return plain(this.#expanded(this.#checker.getNonNullableType(this.#checker.getTypeOfSymbol(symbol))))
    const result = node.type === undefined ? undefined : this.#textOf(node.type)
    if (!ts.isMethodSignature(node)) return plain(result ?? 'unknown')
    const parameters = node.parameters.map((each) => each.getText()).join(', ')
    return plain(`(${parameters}) => ${result ?? 'void'}`)
  }

  /** Whether a member has the type that a parameter of its interface stands for. */
  #isParameter(node) {
    const own = ts.isUnionTypeNode(node) ? node.types[0] : node
    return (this.#checker.getTypeFromTypeNode(own).flags & ts.TypeFlags.TypeParameter) !== 0
  }

  #expanded(type) {
    return this.#checker.typeToString(type, undefined, expanded).replaceAll('"', "'")
  }

  /** The source of a type, in which names that no entry exports are replaced by what they stand for. */
  #textOf(node) {
    if (ts.isTypeLiteralNode(node))
      return `{ ${node.members.map((member) => this.#replaced(member).replace(/[;,]$/, '')).join('; ')} }`
    if (ts.isIndexedAccessTypeNode(node) || (ts.isTypeReferenceNode(node) && this.#isPrivate(node))) {
      const type = this.#checker.getTypeFromTypeNode(node)
      const text = this.#expanded(type)
      return type.isUnion() && !ts.isUnionTypeNode(node.parent) ? `(${text})` : text
    }
    return this.#replaced(node)
  }

  #replaced(node) {
    let text = node.getText()
    const start = node.getStart()
    const children = []
    ts.forEachChild(node, (child) => void children.push(child))
    for (const child of children.reverse()) {
      const at = child.getStart() - start
      const own = ts.isTypeNode(child) ? this.#textOf(child) : this.#replaced(child)
      text = text.slice(0, at) + own + text.slice(at + child.getEnd() - child.getStart())
    }
    return text
  }

  /** Whether a type is one of ours that no entry exports, and has a short form. */
  #isPrivate(node) {
    const symbol = this.#checker.getSymbolAtLocation(node.typeName)
    const declared = symbol.flags & ts.SymbolFlags.Alias ? this.#checker.getAliasedSymbol(symbol) : symbol
    const files = declared.declarations.map((each) => each.getSourceFile())
    if (files.some((file) => file.isDeclarationFile) || this.#isDeclaredByEntry(declared)) return false
    const type = this.#checker.getTypeFromTypeNode(node)
    return type.isUnion() && type.types.every((each) => each.isStringLiteral())
  }

  #isDeclaredByEntry(type) {
    this.#public ??= new Set(
      [...this.#entries.values()].flatMap((file) =>
        this.#checker
          .getExportsOfModule(this.#checker.getSymbolAtLocation(file))
          .map((each) => (each.flags & ts.SymbolFlags.Alias ? this.#checker.getAliasedSymbol(each) : each)),
      ),
    )
    return this.#public.has(type)
  }
}

const expanded = ts.TypeFormatFlags.InTypeAlias | ts.TypeFormatFlags.NoTruncation

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

function docOf(given, checker) {
  // Of an intersection, the first description counts; the checker would join them.
  const symbol = given.declarations?.[0]?.symbol ?? given
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
