import ts from 'typescript'

const settings = {
  target: ts.ScriptTarget.ES2023,
  module: ts.ModuleKind.NodeNext,
  moduleResolution: ts.ModuleResolutionKind.NodeNext,
  strict: true,
  types: ['node'],
  noEmit: true,
}
const printer = ts.createPrinter({ removeComments: true, newLine: ts.NewLineKind.LineFeed })

/**
 * The public surface of each entry: its exports, sorted by name, without comments; then what these refer to and no entry exports.
 * The first entry also has what the package adds to the types of others.
 *
 * @param entries - pairs of a name and the path of its declarations
 */
export function describeEntries(entries) {
  const program = ts.createProgram(
    entries.map(([, path]) => path),
    settings,
  )
  const checker = program.getTypeChecker()
  const surfaces = entries.map(([name, path]) => ({ name, exported: exportsOf(program, checker, path) }))
  const everywhere = new Set(surfaces.flatMap(({ exported }) => [...exported.values()]))
  return surfaces.map(({ name, exported }, index) => {
    const inner = referredBy(checker, [...exported.values()], everywhere)
    const texts = [
      ...sorted(exported).map(([as, symbol]) => declarationsOf(symbol, as)),
      ...(index === 0 ? augmentationsIn(program) : []),
      ...sorted(new Map([...inner].map((symbol) => [symbol.name, symbol]))).map(
        ([as, symbol]) => `// not exported\n${declarationsOf(symbol, as)}`,
      ),
    ]
    return { name, text: `${texts.join('\n\n')}\n` }
  })
}

function exportsOf(program, checker, path) {
  const module = checker.getSymbolAtLocation(program.getSourceFile(path))
  return new Map(checker.getExportsOfModule(module).map((symbol) => [symbol.name, targetOf(checker, symbol)]))
}

function targetOf(checker, symbol) {
  return (symbol.flags & ts.SymbolFlags.Alias) === 0 ? symbol : checker.getAliasedSymbol(symbol)
}

function sorted(map) {
  return [...map].sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0))
}

/** What declarations refer to in this package, directly or not, apart from what some entry exports. */
function referredBy(checker, symbols, exported) {
  const found = new Set()
  const visit = (node) => {
    if (ts.isIdentifier(node)) note(checker.getSymbolAtLocation(node))
    ts.forEachChild(node, visit)
  }
  const note = (given) => {
    const symbol = given === undefined ? undefined : targetOf(checker, given)
    if (symbol === undefined || exported.has(symbol) || found.has(symbol) || !isStatement(symbol)) return
    found.add(symbol)
    symbol.declarations.forEach(visit)
  }
  for (const symbol of symbols) symbol.declarations?.forEach(visit)
  return found
}

// A type, function or value of this package, and not a member, a parameter, or something of Node's or another package.
function isStatement({ declarations = [] }) {
  return declarations.some((node) => {
    const statement = statementOf(node)
    return (
      ts.isSourceFile(statement.parent) && !node.getSourceFile().fileName.includes('/node_modules/') && !isPart(node)
    )
  })
}

const isPart = (node) =>
  ts.isSourceFile(node) || (node.parent !== statementOf(node).parent && !ts.isVariableDeclaration(node))

function statementOf(node) {
  return ts.isVariableDeclaration(node) ? node.parent.parent : node
}

/** What the package adds to the types of others, such as Express. */
function augmentationsIn(program) {
  const files = program.getSourceFiles().filter(({ fileName }) => !fileName.includes('/node_modules/'))
  return files
    .flatMap(({ statements }) => statements.filter(isAugmentation))
    .map(print)
    .sort()
}

function isAugmentation(statement) {
  if (!ts.isModuleDeclaration(statement)) return false
  return ts.isStringLiteral(statement.name) || (statement.flags & ts.NodeFlags.GlobalAugmentation) !== 0
}

function declarationsOf({ declarations = [], name }, as) {
  const texts = declarations.map((node) => print(statementOf(node)))
  return [...(as === name ? [] : [`// ${name} as ${as}`]), ...texts].join('\n')
}

function print(node) {
  return printer.printNode(ts.EmitHint.Unspecified, node, node.getSourceFile())
}
