import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { entries } from '../api.js'
import { pathOnSite } from '../pages.js'
import { sidebarOf } from '../sidebar.js'
import { slugOf } from '../slug.js'

const root = join(dirname(fileURLToPath(import.meta.url)), '..', '..', '..')
const site = join(root, '.site')

// Given as a picture, since the theme would load a named one from elsewhere.
const githubMark =
  '<svg role="img" viewBox="0 0 16 16"><path d="M8 .5a7.5 7.5 0 0 0-2.4 14.6c.4.1.5-.1.5-.3v-1.3c-2 .4-2.5-.9-2.5-.9-.3-.8-.8-1.1-.8-1.1-.7-.4 0-.4 0-.4.8 0 1.2.8 1.2.8.7 1.1 1.7.8 2.2.6 0-.5.2-.8.5-1-1.7-.2-3.4-.8-3.4-3.7 0-.8.3-1.5.8-2-.1-.2-.4-1 0-2 0 0 .7-.2 2.1.8a7 7 0 0 1 3.8 0c1.4-1 2.1-.8 2.1-.8.4 1 .1 1.8 0 2 .5.5.8 1.2.8 2 0 2.9-1.8 3.5-3.4 3.7.3.2.5.7.5 1.4v2c0 .2.1.4.5.3A7.5 7.5 0 0 0 8 .5Z"/></svg>'
const favicon =
  "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 16 16'%3E%3Cpath fill='%233a5ccc' d='M8 1a4 4 0 0 0-4 4v2H3v8h10V7h-1V5a4 4 0 0 0-4-4Zm-2 6V5a2 2 0 1 1 4 0v2Z'/%3E%3C/svg%3E"

// Where a newcomer begins.
const open = ['Start', 'Guides']

const reference = {
  text: 'API reference',
  collapsed: true,
  items: [
    { text: 'All entries', link: '/api/' },
    ...entries.map((entry) => ({
      text: `express-oidc${entry === '' ? '' : `/${entry}`}`,
      link: `/api/${entry === '' ? 'index' : entry}/`,
    })),
  ],
}

/** @type {import('vitepress').UserConfig} */
export default {
  title: 'express-oidc',
  description: 'OpenID Connect login, access-token validation and route guards for Express, Connect and node:http.',
  lang: 'en',
  base: process.env.SITE_BASE ?? '/',
  srcDir: join(site, 'pages'),
  outDir: join(site, 'html'),
  cacheDir: join(site, 'cache'),
  cleanUrls: true,
  head: [['link', { rel: 'icon', href: favicon }]],
  // Fonts of the system: pages load nothing from elsewhere.
  useWebFonts: false,
  // The reader's own application.
  ignoreDeadLinks: 'localhostLinks',
  markdown: {
    // Text in angle brackets is text, as in code; no page has HTML of its own.
    html: false,
    languageAlias: { mjs: 'js', mts: 'ts' },
    // Braces are text too.
    attrs: { disable: true },
    anchor: { slugify: slugOf },
    theme: { light: 'github-light-high-contrast', dark: 'github-dark-high-contrast' },
    config: (md) => {
      const text = md.renderer.rules.text
      md.renderer.rules.text = (...args) => text(...args).replaceAll('{{', '&#123;&#123;')
    },
  },
  themeConfig: {
    nav: [
      { text: 'Getting started', link: '/getting-started' },
      { text: 'Providers', link: '/providers/' },
      { text: 'Options', link: '/options/' },
      { text: 'Error codes', link: '/error-codes' },
      { text: 'API', link: '/api/' },
    ],
    sidebar: [...sidebarOf(join(root, 'docs')).map((group) => toGroup(group)), reference],
    outline: [2, 3],
    search: { provider: 'local', options: { _render: searchedText } },
    socialLinks: [
      { icon: { svg: githubMark }, link: 'https://github.com/express-oidc/express-oidc', ariaLabel: 'GitHub' },
    ],
    externalLinkIcon: true,
  },
  vite: { server: { host: '127.0.0.1' }, clearScreen: false },
}

function toGroup({ text, page, items }) {
  if (items === undefined) return { text, link: linkOf(page) }
  return { text, items: items.map((item) => toGroup(item)), collapsed: !open.includes(text) }
}

// Of the API reference a search finds the names: its hundreds of headings such as Returns would hide the guides.
function searchedText(text, env, md) {
  const shown = env.relativePath.startsWith('api/') ? (/^# .*$/m.exec(text)?.[0] ?? '') : text
  return md.render(shown, env)
}

function linkOf(page) {
  return `/${pathOnSite(`${page}.md`)
    .slice(0, -'.md'.length)
    .replace(/(^|\/)index$/, '$1')}`
}
