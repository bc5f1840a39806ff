import { ApiRefusal, AuthsvcError, createAuthsvc } from '@authsvc/client';
import express from 'express';

const { AUTHSVC_INTERNAL_URL = 'http://127.0.0.1:4100', AUTHSVC_PUBLIC_URL, PORT = '3000' } = process.env;
const authsvc = createAuthsvc({ url: AUTHSVC_INTERNAL_URL, publicUrl: AUTHSVC_PUBLIC_URL, loginPage: '/login' });
const app = express();

app.use((request, response, next) => {
  response.set('Cache-Control', 'no-store');
  response.set('Content-Security-Policy', "default-src 'none'; form-action 'self'; frame-ancestors 'none'");
  // Another site's form could post a note, or log the visitor in to the attacker's account.
  authsvc.assertSameOrigin(request);
  next();
});
app.use(express.urlencoded({ extended: false, limit: '16kb' }));

app.get('/', (_request, response) => {
  const body = html`<p>This page is public. <a href="/note">Your note</a> is for you alone.</p>`;
  response.send(page('A small application', body));
});

// In your application, a table. Key it on the id: an email can change, and then be another user's.
const notes = new Map();

// Asks whose request it is, every time; without an answer, no one is let in.
app.use('/note', authsvc.requireUser());

app.get('/note', ({ user }, response) => {
  const body = html`<form method="post">
      <p><label>Your note<br><textarea name="note">\n${notes.get(user.id) ?? ''}</textarea></label></p>
      <button>Save</button>
    </form>
    <form method="post" action="/logout"><button>Log out</button></form>`;
  response.send(page(`Hello, ${user.email}`, body));
});

app.post('/note', ({ user, body }, response) => {
  notes.set(user.id, body?.note ?? '');
  response.redirect(303, '/note');
});

app.get(['/login', '/register'], (request, response) => {
  response.send(credentialsPage(request));
});
app.post('/register', async (request, response) => {
  await authsvc.register(request, credentialsOf(request));
  await logIn(request, response);
});
app.post('/login', logIn);

async function logIn(request, response) {
  const { setCookie, codeNeeded } = await authsvc.logIn(request, credentialsOf(request));
  // The account has a second factor: no one is logged in yet.
  if (codeNeeded) return response.status(401).send(codePage(request, codeNeeded.secondFactorToken));
  response.append('Set-Cookie', setCookie).redirect(303, returnPathOf(request));
}

app.post('/login/code', async (request, response) => {
  const { setCookie } = await authsvc.logInWithCode(request, codeOf(request));
  response.append('Set-Cookie', setCookie).redirect(303, returnPathOf(request));
});

app.post('/logout', async (request, response) => {
  const { setCookie } = await authsvc.logOut(request);
  response.append('Set-Cookie', setCookie).redirect(303, '/');
});

app.use((error, request, response, next) => {
  if (!(error instanceof AuthsvcError)) return next(error);
  if (error instanceof ApiRefusal && error.code === 'invalid_code') {
    return response.status(401).send(codePage(request, codeOf(request).secondFactorToken, error.message));
  }
  if (error instanceof ApiRefusal && error.statusCode < 500) {
    const form = credentialsPage(request, error.message, credentialsOf(request).email);
    return response.status(error.statusCode).send(form);
  }
  if (error.statusCode < 500)
    return response.status(error.statusCode).send(page('Refused', html`<p>${error.message}</p>`));
  // The service does not answer, so no one is let in.
  console.error(error);
  const body = html`<p>The account service does not answer.</p>`;
  return response.status(503).set('Retry-After', '5').send(page('Try again soon', body));
});

function isSignUp({ path }) {
  return path === '/register';
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

app.listen(Number(PORT), process.env.HOST ?? '127.0.0.1');
