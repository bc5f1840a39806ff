import { ApiRefusal, AuthsvcError, createAuthsvc } from '@authsvc/client';
import formbody from '@fastify/formbody';
import Fastify from 'fastify';

const { AUTHSVC_INTERNAL_URL = 'http://127.0.0.1:4100', AUTHSVC_PUBLIC_URL, PORT = '3000' } = process.env;
const authsvc = createAuthsvc({ url: AUTHSVC_INTERNAL_URL, publicUrl: AUTHSVC_PUBLIC_URL, loginPage: '/login' });
const app = Fastify({ bodyLimit: 16 * 1024 });

app.register(formbody);
app.addHook('onRequest', async (request, reply) => {
  reply.type('text/html; charset=utf-8').headers({
    'cache-control': 'no-store',
    'content-security-policy': "default-src 'none'; form-action 'self'; frame-ancestors 'none'",
  });
  // Another site's form could post a note, or log the visitor in to the attacker's account.
  authsvc.assertSameOrigin(request);
});

app.get('/', async () => {
  const body = html`<p>This page is public. <a href="/note">Your note</a> is for you alone.</p>`;
  return page('A small application', body);
});

// In your application, a table. Key it on the id: an email can change, and then be another user's.
const notes = new Map();

app.register(async (members) => {
  // For the routes of this function alone.
  members.register(authsvc.fastify);
  members.get('/note', async ({ user }) => {
    const body = html`<form method="post">
        <p><label>Your note<br><textarea name="note">\n${notes.get(user.id) ?? ''}</textarea></label></p>
        <button>Save</button>
      </form>
      <form method="post" action="/logout"><button>Log out</button></form>`;
    return page(`Hello, ${user.email}`, body);
  });
  members.post('/note', async ({ user, body }, reply) => {
    notes.set(user.id, body?.note ?? '');
    return reply.redirect('/note', 303);
  });
});

app.get('/login', async (request) => credentialsPage(request));
app.get('/register', async (request) => credentialsPage(request));
app.post('/register', async (request, reply) => {
  await authsvc.register(request, credentialsOf(request));
  return await logIn(request, reply);
});
app.post('/login', logIn);

async function logIn(request, reply) {
  const { setCookie, codeNeeded } = await authsvc.logIn(request, credentialsOf(request));
  // The account has a second factor: no one is logged in yet.
  if (codeNeeded) return reply.code(401).send(codePage(request, codeNeeded.secondFactorToken));
  return reply.header('set-cookie', setCookie).redirect(returnPathOf(request), 303);
}

app.post('/login/code', async (request, reply) => {
  const { setCookie } = await authsvc.logInWithCode(request, codeOf(request));
  return reply.header('set-cookie', setCookie).redirect(returnPathOf(request), 303);
});

app.post('/logout', async (request, reply) => {
  const { setCookie } = await authsvc.logOut(request);
  return reply.header('set-cookie', setCookie).redirect('/', 303);
});

app.setErrorHandler((error, request, reply) => {
  if (!(error instanceof AuthsvcError)) throw error;
  reply.code(error.statusCode);
  if (error instanceof ApiRefusal && error.code === 'invalid_code') {
    return reply.send(codePage(request, codeOf(request).secondFactorToken, error.message));
  }
  if (error instanceof ApiRefusal && error.statusCode < 500) {
    return reply.send(credentialsPage(request, error.message, credentialsOf(request).email));
  }
  if (error.statusCode < 500) return reply.send(page('Refused', html`<p>${error.message}</p>`));
  // The service does not answer, so no one is let in.
  console.error(error);
  const body = html`<p>The account service does not answer.</p>`;
  return reply.code(503).header('retry-after', '5').send(page('Try again soon', body));
});

function isSignUp({ url }) {
  return url.startsWith('/register');
}

/** Where to go after a login: a path of this application, even if the link names another place. */
function returnPathOf({ query }) {
  return authsvc.returnPath(query.return_to, '/note');
}

function credentialsOf({ body }) {
  const { email = '', password = '' } = body ?? {};
  return { email, password };
}

function codeOf({ body }) {
  const { token = '', code = '' } = body ?? {};
  return { secondFactorToken: token, code };
}

function credentialsPage(request, message = '', email = '') {
  const title = isSignUp(request) ? 'Sign up' : 'Log in';
  const query = `?return_to=${encodeURIComponent(returnPathOf(request))}`;
  const body = html`<p role="alert">${message}</p>
    <form method="post" action="${isSignUp(request) ? '/register' : '/login'}${query}">
      <p><label>Email <input name="email" type="email" autocomplete="username" value="${email}" required></label></p>
      <p><label>Password <input name="password" type="password" required></label></p>
      <button>${title}</button>
    </form>
    <p><a href="/login${query}">Log in</a> or <a href="/register${query}">sign up</a></p>`;
  return page(title, body);
}

function codePage(request, token, message = '') {
  const query = `?return_to=${encodeURIComponent(returnPathOf(request))}`;
  const body = html`<p role="alert">${message}</p>
    <form method="post" action="/login/code${query}">
      <input name="token" type="hidden" value="${token}">
      <p><label>Code of your app, or a recovery code
        <input name="code" autocomplete="one-time-code" required></label></p>
      <button>Log in</button>
    </form>
    <p><a href="/login${query}">Begin again</a></p>`;
  return page('Enter your code', body);
}

function page(title, body) {
  const head = html`<!doctype html>
    <html lang="en">
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width">
    <title>${title}</title>
    <h1>${title}</h1>`;
  return `${head}\n${body}`;
}

/** Escapes every value: emails and notes are what people typed. */
function html(texts, ...values) {
  const escaped = values.map((value) =>
    String(value).replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`),
  );
  return String.raw({ raw: texts }, ...escaped);
}

await app.listen({ port: Number(PORT), host: '127.0.0.1' });
