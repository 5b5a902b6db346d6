import { join, relative } from 'node:path'
import ts from 'typescript'
import { root } from '../setup/tree.js'

/** What can be imported from one entry of the package, as TypeScript sees its source. */
export interface Surface {
  readonly names: readonly PublicName[]
}

/** An exported name. */
export interface PublicName {
  readonly name: string
  readonly symbol: ts.Symbol
  readonly declarations: readonly ts.Declaration[]
  /** Exported by `export type`, so that a class cannot be constructed. */
  readonly isTypeOnly: boolean
}

const { config: settings } = ts.readConfigFile(join(root, 'tsconfig.json'), (path) => ts.sys.readFile(path)) as {
  readonly config: { readonly compilerOptions: object }
}
const { options } = ts.convertCompilerOptionsFromJson(settings.compilerOptions, root)

/** The package's entries, compiled together. */
export class Surfaces {
  readonly #program: ts.Program
  readonly #checker: ts.TypeChecker

  constructor(entries: readonly string[]) {
    this.#program = ts.createProgram(
      entries.map((entry) => join(root, entry)),
      options,
    )
    this.#checker = this.#program.getTypeChecker()
  }

  /** The names that an entry exports. */
  of(entry: string): PublicName[] {
    const file = this.#program.getSourceFile(join(root, entry))
    const module = file === undefined ? undefined : this.#checker.getSymbolAtLocation(file)
    if (module === undefined) throw new Error(`${entry} is not a module`)
    return this.#checker.getExportsOfModule(module).map((exported) => {
      const symbol = this.#target(exported)
      const isTypeOnly = exported.declarations?.some(isTypeExport) === true
      return { name: exported.name, symbol, declarations: symbol.declarations ?? [], isTypeOnly }
    })
  }

  /** The members that a class, an interface or an object type declares for its users. */
  membersOf({ declarations, isTypeOnly }: PublicName): ts.Declaration[] {
    return declarations.flatMap((declaration) =>
      'members' in declaration && Array.isArray(declaration.members)
        ? (declaration.members as readonly ts.Declaration[]).filter((member) => isPublic(member, isTypeOnly))
        : [],
    )
  }

  /** The tags of a name's docstring. */
  tagsOf({ symbol }: PublicName): string[] {
    return symbol.getJsDocTags(this.#checker).map(({ name }) => name)
  }

  /** Whether a name has a docstring. */
  isDocumented({ symbol }: PublicName): boolean {
    return symbol.getDocumentationComment(this.#checker).length > 0
  }

  /** Types of this package that occur in the signatures of a name, as `path:line Type`. */
  typesIn({ declarations, isTypeOnly }: PublicName): Map<ts.Symbol, string> {
    const found = new Map<ts.Symbol, string>()
    const visit = (node: ts.Node): void => {
      if (ts.isBlock(node) || (ts.isClassElement(node) && !isPublic(node, isTypeOnly))) return
      const name = this.#isChoice(node) ? undefined : typeNameOf(node)
      const symbol = name === undefined ? undefined : this.#checker.getSymbolAtLocation(name)
      if (name !== undefined && symbol !== undefined) this.#note(this.#target(symbol), name, found)
      for (const child of node.getChildren()) if (!isInitializer(node, child)) visit(child)
    }
    declarations.forEach(visit)
    return found
  }

  // `Choice<'a'>` that comes to `'x' | 'y'`: readers see the strings, and there is nothing to import.
  #isChoice(node: ts.Node): boolean {
    if (!ts.isTypeReferenceNode(node) || node.typeArguments === undefined) return false
    const type = this.#checker.getTypeFromTypeNode(node)
    return type.isUnion() && type.types.every((member) => member.isStringLiteral())
  }

  #note(symbol: ts.Symbol, name: ts.Node, found: Map<ts.Symbol, string>): void {
    const isParameter = (symbol.flags & ts.SymbolFlags.TypeParameter) !== 0
    // `keyof typeof list` names a value, of which only the strings reach the public type.
    const isValue = (symbol.flags & ts.SymbolFlags.Variable) !== 0
    const isOwn = symbol.declarations?.some((node) => pathOf(node).startsWith('lib/')) === true
    if (isOwn && !isParameter && !isValue) found.set(symbol, `${pathOf(name)}: ${symbol.name}`)
  }

  #target(symbol: ts.Symbol): ts.Symbol {
    return (symbol.flags & ts.SymbolFlags.Alias) === 0 ? symbol : this.#checker.getAliasedSymbol(symbol)
  }
}

function pathOf(node: ts.Node): string {
  return relative(root, node.getSourceFile().fileName)
}

function typeNameOf(node: ts.Node): ts.Node | undefined {
  if (ts.isTypeReferenceNode(node)) return node.typeName
  if (ts.isTypeQueryNode(node)) return node.exprName
  return ts.isExpressionWithTypeArguments(node) ? node.expression : undefined
}

function isInitializer(node: ts.Node, child: ts.Node): boolean {
  return 'initializer' in node && node.initializer === child
}

function isTypeExport(node: ts.Declaration): boolean {
  return ts.isExportSpecifier(node) && (node.isTypeOnly || node.parent.parent.isTypeOnly)
}

function isPublic(member: ts.Node, isTypeOnly: boolean): boolean {
  if (ts.isConstructorDeclaration(member)) return !isTypeOnly
  return !(ts.isClassElement(member) && member.name !== undefined && ts.isPrivateIdentifier(member.name))
}
