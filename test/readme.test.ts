import { describe, expect, test } from '@jest/globals'
import { files } from './setup/tree.js'
import { errorsIn, snippetsIn } from './snippets/compile.js'

const pages = ['README.md', ...files().filter((path) => /^docs\/.*\.md$/.test(path))]

describe('the snippets of the README and the guides', () => {
  test('compile against the built package', () => {
    const snippets = pages.flatMap((page) => snippetsIn(page))
    expect(snippets.map(({ markdown }) => markdown)).toContain('README.md')
    expect(errorsIn(snippets)).toEqual([])
  })
})

describe('the compiler of snippets', () => {
  const page = (code: string) => `# Title\n\n\`\`\`ts\n${code}\n\`\`\`\n`

  test('finds blocks of TypeScript and JavaScript, and the line where each begins', () => {
    const text = `${page('const a = 1')}\n\`\`\`sh\nnpm i\n\`\`\`\n\n1. One\n\n   \`\`\`ts title="b"\n   const b = 2\n   \`\`\`\n`
    expect(snippetsIn('x.md', text)).toEqual([
      { markdown: 'x.md', line: 4, code: 'const a = 1\n' },
      { markdown: 'x.md', line: 14, code: 'const b = 2\n' },
    ])
  })

  test('knows every entry of the package', () => {
    const code = "import { redisStore } from 'express-oidc/redis'\nredisStore()"
    const errors = errorsIn(snippetsIn('redis.md', page(code)))
    expect(errors).toEqual([expect.stringMatching(/^redis\.md:5: Expected 1-2 arguments, but got 0/)])
  })

  test('names the line of the page where a snippet is invalid, and accepts valid ones', () => {
    const right = snippetsIn('right.md', page("app.get('/', requireAuth(), (req, res) => res.json(req.auth?.subject))"))
    const own = snippetsIn(
      'own.md',
      page("import { oidc } from 'express-oidc'\nconst app = oidc(options)\nawait app.ready()"),
    )
    const wrong = snippetsIn('wrong.md', page('const fine = 1\napp.use(oidc({ issuer: 7 }))\nlisten()'))
    const errors = errorsIn([...right, ...own, ...wrong])
    expect(errors.map((error) => error.split(': ', 1)[0])).toEqual(['wrong.md:5', 'wrong.md:6'])
    expect(errors[1]).toContain("Cannot find name 'listen'")
  })
})
