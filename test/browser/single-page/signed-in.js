import { createOidcClient } from '/client.js'

// Tells the page that waits in another tab.
createOidcClient()
