import js from '@eslint/js'
import { defineConfig } from 'eslint/config'
import tseslint from 'typescript-eslint'

// What the runtime gives to every file, browsers' own globals aside.
const nodeGlobals = {
  AbortController: 'readonly',
  AbortSignal: 'readonly',
  Buffer: 'readonly',
  Headers: 'readonly',
  Request: 'readonly',
  Response: 'readonly',
  TextDecoder: 'readonly',
  TextEncoder: 'readonly',
  URL: 'readonly',
  URLSearchParams: 'readonly',
  clearInterval: 'readonly',
  clearTimeout: 'readonly',
  console: 'readonly',
  fetch: 'readonly',
  performance: 'readonly',
  process: 'readonly',
  queueMicrotask: 'readonly',
  setImmediate: 'readonly',
  setInterval: 'readonly',
  setTimeout: 'readonly',
  structuredClone: 'readonly',
}

const generatedKeys = {
  selector: "ImportDeclaration[source.value='node:crypto'] > ImportSpecifier[imported.name=/^generateKeyPair/]",
  message: 'Use keyPair() of test/kit, whose keys Node.js 20 exports without waiting for ever.',
}
const defaultExport = { selector: 'ExportDefaultDeclaration', message: 'Export by name.' }
const environment = [
  {
    selector: "MemberExpression[object.name='process'][property.name='env']",
    message: 'The environment is read in lib/options only.',
  },
  {
    selector: 'ImportDeclaration[source.value=/^(node:)?process$/]',
    message: 'Use the global `process`, so that reads of its environment are seen.',
  },
]

export default defineConfig(
  {
    ignores: [
      'dist/',
      'coverage/',
      'node_modules/',
      '**/node_modules/',
      '.screenshots/',
      '.site/',
      'scripts/compat/recipes/nestjs/',
      'test/packaging/consumer/',
      'test/snippets/context.d.ts',
    ],
  },
  { linterOptions: { reportUnusedDisableDirectives: 'error' } },
  js.configs.recommended,
  {
    languageOptions: { globals: nodeGlobals },
    rules: { 'no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }] },
  },
  {
    // Scripts of pages run in a browser.
    files: ['example-app/public/**/*.js', 'test/browser/single-page/*.js'],
    languageOptions: {
      globals: {
        document: 'readonly',
        window: 'readonly',
        location: 'readonly',
        EventSource: 'readonly',
        FormData: 'readonly',
      },
    },
  },
  {
    files: ['**/*.ts'],
    extends: [tseslint.configs.recommendedTypeChecked],
    languageOptions: { parserOptions: { project: './tsconfig.json', tsconfigRootDir: import.meta.dirname } },
    rules: {
      // TypeScript knows better.
      'no-undef': 'off',
      'no-unused-vars': 'off',
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
      // Route handlers of Express 4, Connect and node:http are declared to return void, and tests hand them async ones.
      '@typescript-eslint/no-misused-promises': ['error', { checksVoidReturn: false }],
      // An async function may fulfil a Promise-returning contract without waiting for anything.
      '@typescript-eslint/require-await': 'off',
    },
  },
  {
    // Runs in pages, and knows the types of browsers.
    files: ['lib/browser/**/*.ts'],
    languageOptions: { parserOptions: { project: './lib/browser/tsconfig.json' } },
  },
  {
    files: ['test/**/*.ts'],
    rules: {
      // Tests read JSON bodies and hand in what JavaScript callers would.
      '@typescript-eslint/no-unsafe-assignment': 'off',
      '@typescript-eslint/no-unsafe-argument': 'off',
      '@typescript-eslint/no-unsafe-call': 'off',
      '@typescript-eslint/no-unsafe-member-access': 'off',
      '@typescript-eslint/no-unsafe-return': 'off',
      '@typescript-eslint/only-throw-error': 'off',
      '@typescript-eslint/prefer-promise-reject-errors': 'off',
      '@typescript-eslint/unbound-method': 'off',
      '@typescript-eslint/no-base-to-string': 'off',
      '@typescript-eslint/restrict-template-expressions': 'off',
    },
  },
  {
    files: ['test/**/*.ts'],
    ignores: ['test/kit/key-pair.ts', 'test/setup/tools.ts'],
    rules: {
      'no-restricted-syntax': ['error', generatedKeys],
    },
  },
  {
    files: ['lib/**/*.ts'],
    extends: [tseslint.configs.strictTypeChecked],
    rules: {
      'no-console': 'error',
      'no-restricted-syntax': ['error', defaultExport, ...environment],
      'max-lines': ['error', { max: 219 }],
      'max-lines-per-function': ['error', { max: 40, skipBlankLines: true, skipComments: true }],
      'max-depth': ['error', 3],
      'max-params': ['error', 5],
      complexity: ['error', { max: 12, variant: 'modified' }],
      eqeqeq: 'error',
      'no-param-reassign': 'error',
      '@typescript-eslint/max-params': 'off',
      '@typescript-eslint/consistent-type-assertions': ['error', { assertionStyle: 'never' }],
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/no-misused-promises': 'error',
      '@typescript-eslint/require-await': 'off',
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true, allowBoolean: true }],
      '@typescript-eslint/no-confusing-void-expression': ['error', { ignoreArrowShorthand: true }],
      // `undefined` and a promise of void are both answers of a handler that has none.
      '@typescript-eslint/no-invalid-void-type': 'off',
    },
  },
  {
    // The environment is an option, and only here.
    files: ['lib/options/**/*.ts'],
    rules: { 'no-restricted-syntax': ['error', defaultExport] },
  },
  {
    // Here a value from outside gets its type, after it has been looked at.
    files: ['lib/**/parse*.ts'],
    rules: { '@typescript-eslint/consistent-type-assertions': ['error', { assertionStyle: 'as' }] },
  },
)
