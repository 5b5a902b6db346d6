import { setTimeout as pause } from 'node:timers/promises'
import { Browser } from './browser.js'

/** What every actor needs: `{ tally, isOver, origins, home, storage, mintLogout }`. */

/** Somebody who signs in, does this and that in several tabs, and signs out one way or the other, again and again. */
export class Person {
  #application
  #name
  #logins = 0
  #browser
  #subject
  /** A logout was answered with 503: nobody may rely on it, but Redis may have written it all the same, once it went on. */
  #isLogoutPutOff = false

  constructor(application, name) {
    this.#application = application
    this.#name = name
    this.#browser = new Browser(application.tally)
  }

  async live() {
    while (!this.#application.isOver()) {
      if (this.#subject === undefined) await this.#signIn()
      else await this.#act(Math.random())
      await pause(30 + Math.random() * 300)
    }
  }

  /** Whether a session that should be there is there, once everything runs again. */
  async finish() {
    for (let attempts = 0; this.#subject !== undefined && attempts < 40; attempts += 1) {
      const { status } = await this.#ask('/token')
      if (status === 200) return
      if (this.#subject === undefined) return
      await pause(1000)
    }
    if (this.#subject !== undefined) this.#lose('never answered again')
  }

  async #signIn() {
    const { tally, home } = this.#application
    const subject = `${this.#name}-${(this.#logins += 1)}`
    this.#browser = new Browser(tally)
    const answer = await this.#browser.navigate(`${home}/sign-in/${subject}`)
    tally.count(`sign-in ${answer.status}`)
    if (answer.status !== 200 || answer.text !== 'home') return void (await pause(500))
    this.#subject = subject
    this.#isLogoutPutOff = false
    tally.count('logins')
  }

  async #act(chance) {
    if (chance < 0.03) return this.#signOut()
    if (chance < 0.05) return this.#bePutOut()
    if (chance < 0.15) return this.#callApi()
    const paths = ['/me', '/me', '/token', '/token', '/userinfo']
    const tabs = Array.from(
      { length: 1 + Math.floor(Math.random() * 4) },
      () => paths[Math.floor(Math.random() * paths.length)],
    )
    await Promise.all(tabs.map((path) => this.#ask(path)))
  }

  async #ask(path) {
    const subject = this.#subject
    const answer = await this.#browser.ask(this.#origin() + path, { label: path })
    if (answer.status === 401) await this.#check(subject, `${path} ${answer.code}`)
    if (answer.status === 200 && path === '/me' && JSON.parse(answer.text).sub !== subject)
      this.#lose(`somebody else: ${answer.text}`)
    return answer
  }

  /** One tab was told to sign in: is that so? An answer that was under way with an older cookie is no loss. */
  async #check(subject, seen) {
    for (let attempts = 0; attempts < 60; attempts += 1) {
      if (this.#subject !== subject || subject === undefined) return
      const { status } = await this.#browser.ask(`${this.#origin()}/me`, { label: '/me' })
      if (status === 200) return
      if (status === 401 && this.#subject === subject) return this.#lose(seen)
      await pause(500)
    }
  }

  async #callApi() {
    const { tally } = this.#application
    const answer = await this.#ask('/api-token')
    if (answer.status !== 200) return
    const headers = { authorization: `Bearer ${JSON.parse(answer.text).token}` }
    const { status, text } = await new Browser(tally).ask(`${this.#origin()}/api`, { headers, label: '/api' })
    if (status === 200 && JSON.parse(text).subject !== this.#subject)
      tally.undead.push({ subject: this.#subject, seen: text, at: Date.now() })
  }

  async #signOut() {
    const { tally, home } = this.#application
    const answer = await this.#browser.ask(`${home}/logout`, {
      headers: { 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'document', accept: 'text/html' },
      label: '/logout',
    })
    if (answer.status >= 200 && answer.status < 400) await this.#beGone('logout')
    else if (answer.status === 0) await this.#unsure()
    else {
      tally.count('logouts put off')
      this.#isLogoutPutOff = true
    }
  }

  async #bePutOut() {
    const { mintLogout } = this.#application
    const body = new URLSearchParams({ logout_token: await mintLogout(this.#subject) }).toString()
    const stranger = new Browser(this.#application.tally)
    const { status } = await stranger.ask(`${this.#origin()}/backchannel-logout`, {
      method: 'POST',
      body,
      label: '/backchannel-logout',
    })
    if (status === 200) await this.#beGone('back-channel logout')
    else if (status !== 503) await this.#unsure()
    else this.#isLogoutPutOff = true
  }

  /** A logout that was answered with yes: no process may know the session any more. */
  async #beGone(how) {
    const { tally, origins } = this.#application
    const subject = this.#subject
    this.#subject = undefined
    tally.count(`ended by ${how}`)
    for (const origin of origins) {
      const { status } = await this.#browser.ask(`${origin}/me`, { label: '/me after logout' })
      if (status === 200) tally.undead.push({ subject, how, at: Date.now() })
    }
  }

  /** A logout without a clear answer may have worked. */
  async #unsure() {
    this.#application.tally.count('logouts without an answer')
    this.#subject = undefined
  }

  #lose(seen) {
    const { tally, storage } = this.#application
    if (this.#isLogoutPutOff) tally.count('ended by a logout that was put off')
    else tally.lost.push({ subject: this.#subject, storage, seen, at: Date.now() })
    this.#subject = undefined
  }

  #origin() {
    const { origins } = this.#application
    return origins[Math.floor(Math.random() * origins.length)]
  }
}
