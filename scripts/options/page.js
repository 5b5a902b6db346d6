// The text of a page of docs/options.
import { slugOf } from '../site/slug.js'

const note = '<!-- Written by `npm run options` from lib: change the TSDoc or the checks there. -->'

/** The page of one function. */
export function pageText({ title, about, parts }) {
  const page = { described: new Map() }
  const bodies = parts.map((part) => partText(part, parts.length > 1 && part.title !== undefined, page))
  return [`# ${codeOf(title)}`, note, `${about}.`, ...bodies.flat(), ending(parts)].join('\n\n') + '\n'
}

/** The page that lists the others. */
export function indexText(pages, commands) {
  const lines = pages.map(({ page, title, about }) => `- [${title}](${page}.md): ${lowerFirst(about)}.`)
  return (
    [
      '# Options',
      note,
      'Every option of every function, with its type, its default and what it must be. An option that is unknown, missing or invalid is refused when the function is called: `ConfigurationError` with the code `invalid_options` lists all of them.',
      ...lines.join('\n').split('\n\n'),
      `On the command line: ${commands.map(({ name }) => `[\`npx express-oidc ${name}\`](cli.md#${name})`).join(' and ')}.`,
    ].join('\n\n') + '\n'
  )
}

/** The page of the command line. */
export function commandsText(commands) {
  const bodies = commands.flatMap(({ name, help }) => [`## ${name}`, `\`\`\`text\n${help}\n\`\`\``])
  return (
    ['# `npx express-oidc`', note, 'The commands of the package, and their options.', ...bodies].join('\n\n') + '\n'
  )
}

function partText({ title, about, description, example, members, rules }, isNamed, page) {
  const level = isNamed ? 3 : 2
  const isNew = ({ path, declaration }) => !path.includes('.') && !page.described.has(declaration)
  // What has to be given comes first.
  const top = members.filter(isNew).sort((a, b) => Number(a.required === 'never') - Number(b.required === 'never'))
  const anchors = top.map((member) => anchorsOf(member, page))
  return [
    ...(isNamed ? [`## ${codeOf(title)}`, textOf(description)] : []),
    ...(about === undefined || !isNamed ? [] : [about]),
    ...(example === undefined ? [] : [exampleOf(example)]),
    ...(top.length > 8
      ? [`Options: ${top.map(({ path }, index) => `[\`${path}\`](#${anchors[index]})`).join(', ')}.`]
      : []),
    ...top.flatMap((member) => optionBlocks(member, members, page, level)),
    ...(rules.length === 0
      ? []
      : [
          `${'#'.repeat(level)} Rules between options`,
          rules.map((rule) => `- The options ${escaped(rule)}.`).join('\n'),
        ]),
  ]
}

// An option of the part itself is described there, and where it occurs within another option as well, that names it.
function anchorsOf({ path, declaration }, { described }) {
  const anchor = slugOf(path)
  described.set(declaration, anchor)
  return anchor
}

function optionBlocks(member, members, page, level) {
  const inner = members.filter(({ path }) => isDirectlyBelow(path, member.path))
  const known = inner.filter(({ declaration }) => page.described.has(declaration))
  const others = inner.filter((each) => !known.includes(each))
  const blocks = [
    `${'#'.repeat(Math.min(level + (member.path.includes('.') ? 1 : 0), 4))} \`${member.path}\``,
    factsOf(member, inner.length > 0),
    textOf(member.description),
    ...(member.isExperimental ? ['Experimental: it may change in any version.'] : []),
    ...(member.see.length === 0 ? [] : [`See ${member.see.map((address) => linkOf(address)).join(' and ')}.`]),
    ...(member.example === undefined ? [] : [exampleOf(member.example)]),
    ...(known.length === 0 ? [] : [knownMembers(known, page)]),
  ]
  for (const each of others) page.described.set(each.declaration, slugOf(each.path))
  return [...blocks, ...others.flatMap((each) => optionBlocks(each, members, page, level))]
}

function knownMembers(known, { described }) {
  const links = known.map(({ path, declaration }) => `[\`${path.split('.').at(-1)}\`](#${described.get(declaration)})`)
  return `${known.length === 1 ? 'A member that is' : 'Members that are'} described elsewhere on this page: ${links.join(', ')}.`
}

// `a.b`, `a[].b` and `a.*.b` are directly below `a`.
function isDirectlyBelow(path, parent) {
  const rest = path.startsWith(parent) ? path.slice(parent.length).replace(/^(?:\[\]|\.\*)+/, '') : ''
  return /^\.[^.]+$/.test(rest)
}

function factsOf({ path, type, required, requiredWith, default: value, checks }, hasMembers) {
  // What the type says already.
  const isSaid = /^(?:is empty|must be true or false$|must be a function$)/
  const all = (checks?.messages ?? []).filter((message) => !isSaid.test(message))
  // Of one form of a value that may have others.
  const messages = all.filter((message) => all.length === 1 || message !== 'must be a JWK')
  const facts = [
    `Type: ${codeSpan(type)}`,
    value === undefined
      ? requiredText(required, requiredWith, path)
      : `Default: ${hasMembers && /^see /.test(value) ? 'those of its members' : textOf(value).replace(/\s+/g, ' ')}`,
    ...messages.map((message) => upperFirst(escaped(message))),
  ]
  return facts.map((fact) => `- ${fact}`).join('\n')
}

function requiredText(required, requiredWith, path) {
  if (required === 'always') return 'Required'
  if (requiredWith !== undefined) return `Required with \`${requiredWith}\``
  const parent = path.includes('.') ? `\`${path.replace(/\.[^.]+$/, '')}\`` : 'the options'
  return `Required, unless another form of ${parent} is given`
}

function ending(parts) {
  return parts.some(({ schema }) => schema !== undefined)
    ? 'An invalid option throws `ConfigurationError` with the code [`invalid_options`](../error-codes.md#configurationerror), whose message lists every problem.'
    : ''
}

function exampleOf(text) {
  return text.startsWith('```') ? text : `\`\`\`ts\n${text}\n\`\`\``
}

// Names of types and members in TSDoc become code.
function textOf(text) {
  const link = /\{@link ([\w.]+)(?:\(\))?(?:\s*\|\s*([^}]+))?\s*\}/g
  return text.replace(link, (_, name, label) => label ?? `\`${name}\``)
}

function linkOf(address) {
  if (!address.startsWith('https://')) return textOf(address)
  const [, rfc, section] = /rfc\/rfc(\d+)(?:#section-([\d.A-Za-z]+))?/.exec(address) ?? []
  if (rfc !== undefined) return `[RFC ${rfc}${section === undefined ? '' : `, section ${section}`}](${address})`
  const { hostname, pathname } = new URL(address)
  const document = pathname
    .split('/')
    .filter((part) => part !== '')
    .at(-1)
    ?.replace(/\.html$/, '')
  return `[${document ?? hostname}](${address})`
}

function codeSpan(text) {
  return text.includes('`') ? `\`\` ${text} \`\`` : `\`${text}\``
}

// Of the text of a message, which is no Markdown.
function escaped(text) {
  const plain = (part) => part.replace(/[<*_[\]]/g, '\\$&')
  return text
    .split(/(https?:\/\/[^\s"`),]*[\w/}])/)
    .map((part, index) => (index % 2 === 1 ? codeSpan(part) : plain(part)))
    .join('')
}

function codeOf(title) {
  return title.replace(/[\w.]+\(\)|req\.\w+/g, '`$&`')
}

function upperFirst(text) {
  return text.charAt(0).toUpperCase() + text.slice(1)
}

function lowerFirst(text) {
  return text.charAt(0).toLowerCase() + text.slice(1)
}
