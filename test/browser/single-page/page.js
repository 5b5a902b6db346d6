import { createOidcClient } from '/client.js'

const { session, apiFetch, login, logout, sessionEnded } = createOidcClient()
const find = (id) => document.getElementById(id)

const { user } = await session()
find('who').textContent = user === null ? 'nobody' : user.name
find('sign-in').hidden = user !== null
find('sign-out').hidden = user === null
find('sign-in').onclick = () => login()
find('sign-out').onclick = () => logout()

sessionEnded.then((now) => {
  find('ended').hidden = false
  find('ended').textContent = now.isAuthenticated ? `Now ${now.user.name} is signed in` : 'You are signed out'
})

find('load').onclick = () => load('/api/orders')
find('load-remote').onclick = () => load('/remote/orders')

async function load(url) {
  const response = await apiFetch(url)
  const orders = response.ok ? await response.json() : [await response.text()]
  find('orders').replaceChildren(
    ...orders.map((note) => Object.assign(document.createElement('li'), { textContent: note })),
  )
}

// What is typed stays in the page: the login takes place in another tab, and the same person's form is sent again.
async function save() {
  const response = await apiFetch('/api/orders', {
    method: 'POST',
    body: new URLSearchParams(new FormData(find('order'))),
    on401: 'return',
  })
  find('sign-in-again').hidden = response.status !== 401
  find('saved').textContent = response.ok ? 'saved' : `not saved: ${response.status}`
}
find('order').onsubmit = (event) => {
  event.preventDefault()
  void save()
}
find('sign-in-again').onclick = async () => {
  const now = await login({ newTab: true, returnTo: '/signed-in' })
  if (now.user.sub === user.sub) await save()
  else find('saved').textContent = `not saved: ${now.user.name} is signed in`
}
