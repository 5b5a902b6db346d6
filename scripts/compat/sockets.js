import { once } from 'node:events'
import { setTimeout as pause } from 'node:timers/promises'
import { WebSocket } from 'ws'

const foreign = 'https://evil.example'

/** Steps for rows with WebSockets: name, attempt, and the word in the row that asks for them. */
export const socketSteps = [
  [
    'a WebSocket opens to a page of the application, and to no other',
    async (state) => {
      const open = (origin, browser = state.alice) => webSocket(state, '/', origin, browser)
      const opened = await open(state.home)
      state.closed = once(opened, 'close')
      equal(await greeting(opened), 'hello alice')
      equal(await greeting(await open(foreign)), '401')
      equal(await greeting(await open(undefined)), '401')
      equal(await greeting(await open(state.home, state.browser())), '401')
    },
    'ws',
  ],
  [
    'Socket.IO greets a page of the application by name, and no other, over WebSockets',
    async (state) => {
      const open = (origin, browser = state.alice) =>
        webSocket(state, '/socket.io/?EIO=4&transport=websocket', origin, browser)
      const opened = await open(state.home)
      state.closed = once(opened, 'close')
      equal(await engineGreeting(opened), 'alice')
      equal(await engineGreeting(await open(state.home, state.bob)), 'bob')
      equal(await engineGreeting(await open(foreign)), 'refused')
      equal(await engineGreeting(await open(undefined)), 'refused')
      equal(await engineGreeting(await open(state.home, state.browser())), 'refused')
    },
    'socket.io',
  ],
  [
    'and over long polling',
    async (state) => {
      equal(await pollingGreeting(state, state.alice, undefined), 'alice')
      equal(await pollingGreeting(state, state.alice, state.home), 'alice')
      equal(await pollingGreeting(state, state.alice, foreign), 'refused')
      equal(await pollingGreeting(state, state.browser(), undefined), 'refused')
    },
    'socket.io',
  ],
]

/** Step after the logout, for rows whose sockets end with the session. */
export const closingStep = [
  'and closes the connection that was opened in it',
  async ({ closed }) => {
    const isClosed = await Promise.race([closed.then(() => true), pause(10_000, false, { ref: false })])
    if (!isClosed) throw new Error('it is still open')
  },
  'closing',
]

function equal(seen, expected) {
  if (seen !== expected) throw new Error(`it said ${JSON.stringify(seen)}, not ${JSON.stringify(expected)}`)
}

async function webSocket({ home, sockets }, path, origin, browser) {
  const socket = new WebSocket(home.replace(/^http/, 'ws') + path, {
    headers: browser.cookie === '' ? {} : { cookie: browser.cookie },
    ...(origin === undefined ? {} : { origin }),
  })
  sockets.push(socket.on('error', () => undefined))
  return socket
}

/** The first message, or the status of a refusal. */
function greeting(socket) {
  return new Promise((resolve) => {
    socket.once('message', (data) => resolve(String(data)))
    socket.once('unexpected-response', (_request, response) => resolve(String(response.statusCode)))
    socket.once('close', () => resolve('closed'))
  })
}

/** The name in the event `hello`, by the protocol of Socket.IO (version 5, on version 4 of Engine.IO). */
async function engineGreeting(socket) {
  const words = []
  socket.on('message', (data) => words.push(String(data)))
  const gone = new Promise((resolve) => socket.once('close', resolve))
  for (;;) {
    while (words.length > 0) {
      const word = words.shift()
      const name = nameIn(word)
      if (name !== undefined) return name
      if (word.startsWith('0')) socket.send('40')
    }
    const isGone = await Promise.race([
      once(socket, 'message').then(
        () => false,
        () => true,
      ),
      gone.then(() => true),
    ])
    if (isGone && words.length === 0) return 'refused'
  }
}

async function pollingGreeting({ home }, browser, origin) {
  const site = origin === foreign ? 'cross-site' : 'same-origin'
  const headers = { accept: '*/*', origin, 'sec-fetch-site': site, 'sec-fetch-mode': 'cors', 'sec-fetch-dest': 'empty' }
  const path = `${home}/socket.io/?EIO=4&transport=polling`
  const opened = await browser.ask(path, { headers })
  if (opened.status !== 200) return 'refused'
  const { sid } = JSON.parse(opened.text.slice(1))
  await browser.ask(`${path}&sid=${sid}`, {
    method: 'POST',
    body: '40',
    headers: { ...headers, 'content-type': 'text/plain' },
  })
  for (let polls = 0; polls < 3; polls += 1) {
    const { text } = await browser.ask(`${path}&sid=${sid}`, { headers })
    const name = text
      .split('\x1e')
      .map(nameIn)
      .find((found) => found !== undefined)
    if (name !== undefined) return name
  }
  return 'silent'
}

function nameIn(word) {
  if (word.startsWith('44')) return 'refused'
  return word.startsWith('42') ? JSON.parse(word.slice(2))[1] : undefined
}
