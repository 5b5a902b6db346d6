import { describe, expect, test } from '@jest/globals'
import { choicePage, confirmationPage, nothingToChoosePage } from '../../lib/relying-party/pages.js'
import { onwardPage } from '../../lib/relying-party/onward.js'
import type { Pages } from '../../lib/options/pages.js'

const evil = '"><script>alert(1)</script>'
const escaped = '&quot;&gt;&lt;script&gt;alert(1)&lt;/script&gt;'
const german: Pages = {
  language: 'de',
  texts: { signOut: 'Abmelden', staySignedIn: evil, chooseTitle: 'Anmelden', onwardTitle: 'Moment', goOn: 'Weiter' },
}
const english: Pages = { language: 'en-GB', texts: {} }

describe('our own pages', () => {
  test('say what the application says, as text', () => {
    const { body } = confirmationPage(german, '/logout?x="', `/home${evil}`)
    expect(body).toContain('<html lang="de" dir="ltr">')
    expect(body).toContain(`<button type="submit">Abmelden</button><a href="/home${escaped}">${escaped}</a>`)
    expect(body).toContain('<form method="post" action="/logout?x=&quot;">')
    expect(body).not.toContain('<script')
  })

  test('list providers by labels that are text', () => {
    const { body, status } = choicePage(german, [{ label: evil, url: '/login/a?x=1&y="' }])
    expect(status).toBe(200)
    expect(body).toContain(`<li><a href="/login/a?x=1&amp;y=&quot;">${escaped}</a></li>`)
    expect(body).toContain('<title>Anmelden</title>')
  })

  test('lead on by themselves, and by a link', () => {
    const { body } = onwardPage(german, 'https://id.example.com/auth?a=1&b="')
    const target = 'https://id.example.com/auth?a=1&amp;b=&quot;'
    expect(body).toContain(`<meta http-equiv="refresh" content="0;url=${target}">`)
    expect(body).toContain(`<a href="${target}">Weiter</a>`)
  })

  test('mark English texts only where the language is another', () => {
    expect(nothingToChoosePage(german).body).toContain('<h1><span lang="en" dir="ltr">Sign in</span></h1>')
    expect(nothingToChoosePage(english).body).toContain('<h1>Sign in</h1>')
    expect(nothingToChoosePage(english).status).toBe(400)
  })
})
