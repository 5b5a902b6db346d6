import { generateKeyPairSync } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { has, run, start as startProgram } from '../../kit/processes.js'

const lifetimeSeconds = 600

/** From PyPI, in a Django project of a few lines. */
export const name = 'django-oauth-toolkit 3.4.1'

const silentLogin =
  'it does not implement `prompt=none` ([pull request 1361](https://github.com/django-oauth/django-oauth-toolkit/pull/1361))'

/** Why a step fails there. */
export const remarks = { 12: silentLogin, 13: silentLogin, 15: 'it does not know `max_age`' }

export function missing() {
  return has('python3', '-m', 'venv', '--help') ? undefined : 'there is no Python 3 with venv'
}

export async function start({ home, port, folder }) {
  const url = `http://127.0.0.1:${port}`
  const client = { clientId: 'web', clientSecret: 'a secret of web, for this script only' }
  // An application has one grant there, so that a machine is one of its own.
  const machine = { clientId: 'job', clientSecret: 'a secret of job, for this script only' }
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
  writeFileSync(join(folder, 'key.pem'), privateKey.export({ type: 'pkcs8', format: 'pem' }))
  writeFileSync(join(folder, 'shop.py'), project({ url, home, client, machine }))
  const python = join(folder, 'venv', 'bin', 'python')
  const options = { cwd: folder, env: { ...process.env, DJANGO_SETTINGS_MODULE: 'shop' } }
  run('python3', ['-m', 'venv', 'venv'], options)
  run(python, ['-m', 'pip', 'install', '-q', name.replace(' ', '==')], options)
  run(python, ['-m', 'django', 'migrate', '-v', '0'], options)
  run(python, ['-c', 'import shop; shop.fill()'], options)
  const program = await startProgram(python, ['-m', 'django', 'runserver', '--noreload', `127.0.0.1:${port}`], {
    ...options,
    log: join(folder, 'output.log'),
    url: `${url}/o/.well-known/openid-configuration`,
  })
  return {
    options: { issuer: `${url}/o`, ...client, scope: 'openid read' },
    lifetimeSeconds,
    // Its access tokens are opaque, and say neither whom they are for nor who "sub" is. Its metadata names no endpoint for them.
    api: {
      issuer: `${url}/o`,
      audience: null,
      clients: [client.clientId, machine.clientId],
      metadata: { introspection_endpoint: `${url}/o/introspect/` },
      introspection: machine,
      subject: { claim: 'username', client: true },
    },
    machine: { ...machine, scope: 'read' },
    fill: (browser, page, more) => browser.submit(page, { username: 'alice', password: 'password' }, more),
    confirmLogout: (browser, page) => browser.submit(page, { allow: 'true' }),
    close: program.close,
  }
}

const project = ({ url, home, client, machine }) => `
import os
from django.http import HttpResponse

SECRET_KEY = 'of this script only'
DEBUG = True
ALLOWED_HOSTS = ['127.0.0.1']
ROOT_URLCONF = 'shop'
DATABASES = {'default': {'ENGINE': 'django.db.backends.sqlite3', 'NAME': 'shop.db'}}
DEFAULT_AUTO_FIELD = 'django.db.models.BigAutoField'
INSTALLED_APPS = [
    'django.contrib.auth', 'django.contrib.contenttypes', 'django.contrib.sessions', 'django.contrib.messages',
    'oauth2_provider',
]
MIDDLEWARE = [
    'django.contrib.sessions.middleware.SessionMiddleware',
    'django.middleware.csrf.CsrfViewMiddleware',
    'django.contrib.auth.middleware.AuthenticationMiddleware',
    'django.contrib.messages.middleware.MessageMiddleware',
]
TEMPLATES = [{
    'BACKEND': 'django.template.backends.django.DjangoTemplates',
    'APP_DIRS': True,
    'OPTIONS': {
        'context_processors': ['django.template.context_processors.request', 'django.contrib.auth.context_processors.auth'],
        'loaders': [
            ('django.template.loaders.locmem.Loader', {
                'registration/login.html': '<form method="post">{% csrf_token %}{{ form }}<button>Sign in</button></form>',
            }),
            'django.template.loaders.app_directories.Loader',
        ],
    },
}]
del TEMPLATES[0]['APP_DIRS']
LOGIN_URL = '/login/'
OAUTH2_PROVIDER = {
    'OIDC_ENABLED': True,
    'OIDC_ISS_ENDPOINT': '${url}/o',
    'OIDC_RSA_PRIVATE_KEY': open(os.path.join(os.path.dirname(__file__), 'key.pem')).read(),
    'OIDC_RP_INITIATED_LOGOUT_ENABLED': True,
    'OIDC_RP_INITIATED_LOGOUT_ALWAYS_PROMPT': False,
    'ACCESS_TOKEN_EXPIRE_SECONDS': ${lifetimeSeconds},
    'SCOPES': {'openid': 'openid', 'read': 'read'},
    'PKCE_REQUIRED': True,
    'ALLOWED_REDIRECT_URI_SCHEMES': ['http', 'https'],
}

def fill():
    import django
    django.setup()
    from django.contrib.auth.models import User
    from oauth2_provider.models import Application
    alice = User.objects.create_user('alice', 'alice@example.com', 'password')
    Application.objects.create(
        client_id='${client.clientId}', client_secret='${client.clientSecret}', user=alice, name='web', algorithm='RS256',
        client_type='confidential', authorization_grant_type='authorization-code', skip_authorization=True,
        redirect_uris='${home}/callback', post_logout_redirect_uris='${home}/',
    )
    Application.objects.create(
        client_id='${machine.clientId}', client_secret='${machine.clientSecret}', name='job',
        client_type='confidential', authorization_grant_type='client-credentials',
    )

def routes():
    from django.contrib.auth.views import LoginView
    from django.urls import include, path
    return [path('login/', LoginView.as_view()), path('o/', include('oauth2_provider.urls', namespace='oauth2_provider'))]

def __getattr__(name):
    if name == 'urlpatterns':
        return routes()
    raise AttributeError(name)
`
