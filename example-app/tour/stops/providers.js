/** @type {import('../types.js').Stop} */
export const providersStop = {
  id: 'providers',
  title: 'Several providers',
  shows: 'One app signs people in at two providers. Each has an alice, and to the app they are two people.',
  code: `app.use(oidc({
  providers: {
    company: { ...company, label: 'Company' },
    home: { ...home, label: 'Home' },
  },
  baseUrl, secret,
}))

const ofCompany = provider('company')
app.get('/noticeboard', requireAuth(ofCompany), showBoard)`,
  guide: { page: 'several-providers.md', title: 'Several providers, and tenants' },
  ownProvider: true,
  view: 'providers',
  async data(req) {
    const { issuer, subject } = req.auth ?? {}
    return { there: issuer && { provider: req.oidc.provider, issuer, subject, name: req.oidc.user?.name } }
  },
}
