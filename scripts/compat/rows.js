import { overHttp2 } from '../kit/transports.js'

const express = { express: '5.3.0' }
const runtime = (version) => ({ [`node-${process.platform}-${process.arch}`]: version })

/** All that `npm run compat` tries. Each row is a fresh folder with these packages, the packed tarball, and the files of a recipe. */
export const rows = [
  { name: 'express', title: 'Express 5', packages: express },
  { name: 'express4', title: 'Express 4', packages: { express: '4.22.3' } },
  { name: 'connect', title: 'Connect', packages: { connect: '3.7.0' } },
  { name: 'node-http', title: '`node:http`', packages: {} },
  { name: 'http2', title: '`node:http2`, HTTP/2', packages: {}, isTls: true, transport: overHttp2 },
  { name: 'http2-http1', title: '`node:http2`, HTTP/1.1', recipe: 'http2', packages: {}, isTls: true },
  { name: 'polka', title: 'Polka', packages: { polka: '0.5.2' } },
  { name: 'restify', title: 'restify', packages: { restify: '12.0.0' } },
  { name: 'koa', title: 'Koa', packages: { koa: '3.3.0', '@koa/router': '15.7.0' } },
  { name: 'fastify', title: 'Fastify with hooks', packages: { fastify: '5.12.8' } },
  {
    name: 'fastify-express',
    title: 'Fastify with @fastify/express',
    packages: { fastify: '5.12.8', '@fastify/express': '4.0.7' },
  },
  {
    name: 'fastify-middie',
    title: 'Fastify with @fastify/middie',
    packages: { fastify: '5.12.8', '@fastify/middie': '9.3.6' },
  },
  { name: 'hono', title: 'Hono', packages: { hono: '4.13.19', '@hono/node-server': '2.1.9' } },
  {
    name: 'nestjs',
    title: 'NestJS',
    packages: {
      '@nestjs/common': '12.5.1',
      '@nestjs/core': '12.5.1',
      '@nestjs/platform-express': '12.5.1',
      'reflect-metadata': '0.2.2',
      rxjs: '7.8.2',
    },
    tools: { typescript: '6.0.3', '@types/express': '5.0.6', '@types/node': '22.19.0' },
    runtime: runtime('22.23.5'),
    build: ['tsc', '-p', '.'],
    start: ['main.js'],
  },
  {
    name: 'next',
    title: 'Next.js, custom server',
    packages: { next: '16.4.6', react: '19.3.1', 'react-dom': '19.3.1', ...express },
    build: ['next', 'build'],
    paths: { transfer: '/api/transfer' },
    also: ['next'],
  },
  { name: 'ws', title: 'ws', packages: { ws: '8.23.0', ...express }, also: ['ws', 'closing'] },
  {
    name: 'socket.io',
    title: 'Socket.IO',
    packages: { 'socket.io': '4.8.4', ...express },
    also: ['socket.io', 'closing'],
  },
  {
    name: 'socket.io-engine',
    title: 'Socket.IO with `io.engine.use()`',
    packages: { 'socket.io': '4.8.4', ...express },
    also: ['socket.io'],
  },
  ...['v1', 'v2'].flatMap((version) => [
    {
      name: `serverless-http-${version}`,
      title: `AWS Lambda with serverless-http, events ${version}`,
      recipe: 'serverless-http',
      packages: { 'serverless-http': '4.0.0', ...express },
      gateway: version,
    },
    {
      name: `vendia-${version}`,
      title: `AWS Lambda with @vendia/serverless-express, events ${version}`,
      recipe: 'vendia-serverless-express',
      packages: { '@vendia/serverless-express': '4.12.6', ...express },
      gateway: version,
    },
  ]),
  ...['20.20.2', '22.23.5', '24.22.3', '26.12.1'].map((version) => ({
    name: `node${version.split('.')[0]}`,
    title: `Node.js ${version.split('.')[0]}`,
    recipe: 'express',
    packages: express,
    runtime: runtime(version),
  })),
  { name: 'bun', title: 'Bun', recipe: 'express', packages: express, runtime: { bun: '1.4.5' } },
  {
    name: 'deno',
    title: 'Deno',
    recipe: 'express',
    packages: express,
    runtime: { deno: '2.9.6' },
    start: ['run', '--allow-all', 'server.mjs'],
  },
  {
    name: 'bun-ws',
    title: 'Bun with ws',
    recipe: 'ws',
    packages: { ws: '8.23.0', ...express },
    runtime: { bun: '1.4.5' },
    also: ['ws', 'closing'],
  },
  {
    name: 'deno-ws',
    title: 'Deno with ws',
    recipe: 'ws',
    packages: { ws: '8.23.0', ...express },
    runtime: { deno: '2.9.6' },
    start: ['run', '--allow-all', 'server.mjs'],
    also: ['ws', 'closing'],
  },
]

/** The packages of a row that its users have too, with their versions. */
export function packagesOf({ packages, runtime = {} }) {
  const all = Object.entries({ ...packages, ...runtime })
  return all.map(([name, version]) => `${name.replace(/^node-\w+-\w+$/, 'node')} ${version}`).join(', ')
}

/** The rows as a table of Markdown. */
export function tableOf(all) {
  const cells = all.map((row) => [row.title, packagesOf(row) || '–', `\`npm run compat -- ${row.name}\``])
  const lines = [['what', 'tested with', 'to try it'], ...cells]
  const widths = [0, 1, 2].map((column) => Math.max(...lines.map((line) => line[column].length)))
  const rule = widths.map((width) => '-'.repeat(width))
  return [lines[0], rule, ...lines.slice(1)]
    .map((line) => `| ${line.map((cell, column) => cell.padEnd(widths[column])).join(' | ')} |`)
    .join('\n')
}
