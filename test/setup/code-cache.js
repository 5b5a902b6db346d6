import vm from 'node:vm'

const { compileFunction, SourceTextModule } = vm
/** What V8 made of each source text that this worker has compiled. */
const functions = new Map()
const modules = new Map()

// Code from a cache does not know whom to ask for what it imports later.
const isKept = (source) => !/\bimport\s*\(/.test(source)

// Every test file loads the same modules into a context of its own, where V8 knows nothing of the contexts before.
vm.compileFunction = (source, parameters, options) => {
  const cachedData = functions.get(source)
  const produceCachedData = cachedData === undefined && isKept(source)
  const compiled = compileFunction(source, parameters, { ...options, cachedData, produceCachedData })
  if (produceCachedData) functions.set(source, compiled.cachedData)
  return compiled
}

vm.SourceTextModule = class extends SourceTextModule {
  constructor(source, options) {
    const cachedData = modules.get(source)
    super(source, { ...options, cachedData })
    if (cachedData === undefined && isKept(source)) modules.set(source, this.createCachedData())
  }
}
