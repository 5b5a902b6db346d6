// `npm run release:files -- v1.2.3` writes the tarball, its bill of materials and the release notes into `.release/`.
import { writeRelease } from './files.js'

const [tag] = process.argv.slice(2)
try {
  if (tag === undefined) throw new Error('name the tag: npm run release:files -- v1.2.3')
  writeRelease(tag, '.release')
} catch (error) {
  console.error(`release: ${error.message}`)
  process.exitCode = 1
}
