// The sidebar. A page of docs/ is in it once: pages of the folders below by themselves, all others by a line here.
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

const start = [
  ['Overview', 'index'],
  ['Getting started', 'getting-started'],
  ['Comparison', 'comparison'],
  ['Questions', 'faq'],
]

const guides = [
  [
    'Login and sessions',
    [
      ['Login', 'login'],
      ['Logout and silent login', 'logout'],
      ['Back-channel and front-channel logout', 'backchannel-logout'],
      ['Sessions', 'sessions'],
      ['Guards', 'guards'],
      ['Access tokens and refresh', 'refresh'],
      ['List of sessions', 'sessions-list'],
      ['Several providers and tenants', 'several-providers'],
      ['Errors', 'errors'],
      ['Pages that people see', 'pages'],
    ],
  ],
  [
    'Browsers',
    [
      ['Single-page applications', 'single-page-apps'],
      ['Proxy for APIs', 'api-proxy'],
      ['Live connections', 'live-connections'],
      ['htmx and Turbo', 'htmx-turbo'],
      ['CORS', 'cors'],
      ['In a frame of another site', 'frames'],
    ],
  ],
  [
    'APIs and machines',
    [
      ['Protect an API', 'bearer'],
      ['MCP servers', 'mcp'],
      ['Machines', 'machines'],
      ['On behalf of a person', 'on-behalf-of'],
      ['Policy engines', 'policy-engines'],
    ],
  ],
  [
    'Security',
    [
      ['Security model', 'security'],
      ['Client authentication', 'client-authentication'],
      ['Keys of the client', 'keys'],
      ['Bound tokens (DPoP)', 'bound-tokens'],
      ['Encrypted tokens', 'encryption'],
      ['Device-bound sessions', 'device-bound-sessions'],
      ['Signals that end sessions', 'signals'],
      ['FAPI 2.0', 'fapi'],
    ],
  ],
  [
    'In production',
    [
      ['Deployment', 'deployment'],
      ['Behind a proxy', 'proxies'],
      ['Scaling', 'scaling'],
      ['Serverless platforms', 'serverless'],
      ['Observability', 'observability'],
      ['Audit trail', 'audit'],
    ],
  ],
  [
    'Development',
    [
      ['Testing', 'testing'],
      ['Playwright and Cypress', 'browser-tests'],
      ['Doctor', 'doctor'],
      ['TypeScript and CommonJS', 'typescript'],
      ['Frameworks and runtimes', 'frameworks'],
    ],
  ],
]

const reference = [
  ['Error codes', 'error-codes'],
  ['Troubleshooting', 'troubleshooting'],
  ['Glossary', 'glossary'],
  ['Conformance', 'conformance'],
  ['Versions and support', 'versioning'],
]

/**
 * Groups of the sidebar, in order: each has a title and pages, or groups.
 *
 * @param docs - the folder of the pages
 */
export function sidebarOf(docs) {
  return [
    { text: 'Start', items: start.map(toItem) },
    { text: 'Guides', items: guides.map(([text, pages]) => ({ text, items: pages.map(toItem) })) },
    { text: 'Providers', items: pagesIn(docs, 'providers', 'README') },
    { text: 'Moving here', items: pagesIn(docs, 'migrating', 'index') },
    { text: 'Options', items: pagesIn(docs, 'options', 'index') },
    { text: 'Reference', items: reference.map(toItem) },
  ].filter(({ items }) => items.length > 0)
}

/** Pages of a sidebar, as paths from the folder of the pages, without `.md`. */
export function pagesOf(sidebar) {
  return sidebar.flatMap(({ page, items = [] }) => (page === undefined ? pagesOf(items) : [page]))
}

function toItem([text, page]) {
  return { text, page }
}

/** The pages of a folder by their headings; the one of the folder itself comes first. */
function pagesIn(docs, folder, first) {
  const pages = readdirSync(docs, { recursive: true })
    .map((path) => path.replaceAll('\\', '/'))
    .filter((path) => path.startsWith(`${folder}/`) && path.endsWith('.md'))
    .map((path) => path.slice(0, -'.md'.length))
  const own = `${folder}/${first}`
  const others = pages
    .filter((page) => page !== own)
    .map((page) => ({ text: titleOf(join(docs, `${page}.md`)), page }))
    .sort((a, b) => a.text.localeCompare(b.text, 'en'))
  return [...(pages.includes(own) ? [{ text: 'Overview', page: own }] : []), ...others]
}

function titleOf(path) {
  return /^# (.+)$/m.exec(readFileSync(path, 'utf8'))?.[1].replaceAll('`', '') ?? path
}
