import express from 'express';

const { AUTHSVC_INTERNAL_URL = 'http://127.0.0.1:4100', AUTHSVC_PUBLIC_URL = '', PORT = '3001' } = process.env;
const cookieName = AUTHSVC_PUBLIC_URL.startsWith('https:') ? '__Host-session_id' : 'session_id';

/** Ask the service on every request: a cached answer would outlive a logout. */
async function whoami({ headers: { cookie = '', ...headers }, socket }) {
  const forwarded = [headers['x-forwarded-for'], socket.remoteAddress].filter(Boolean).join(', ');
  const sessionCookies = cookie.split(/; */).filter((pair) => pair.startsWith(`${cookieName}=`));
  const passedOn = { cookie: sessionCookies.join('; '), 'x-forwarded-for': forwarded };
  for (const name of ['origin', 'sec-fetch-site']) if (headers[name]) passedOn[name] = headers[name];
  const signal = AbortSignal.timeout(2000);
  const answer = await fetch(`${AUTHSVC_INTERNAL_URL}/whoami`, { headers: passedOn, redirect: 'manual', signal });
  if (answer.status === 401) return undefined;
  const { user } = await answer.json();
  if (answer.status !== 200 || !user?.id) throw new Error(`whoami answered ${answer.status}`);
  return user;
}

const app = express();
app.use('/app-express', async (request, response, next) => {
  response.set('Cache-Control', 'no-store');
  try {
    request.user = await whoami(request);
  } catch (error) {
    console.error(`cannot ask who this is: ${error.message}`);
    return response.status(503).set('Retry-After', '5').json({ message: 'try again soon' });
  }
  if (request.user) return next();
  return response.status(401).json({ message: 'log in first', login: '/' });
});

/** Key rows on the id: an email can change, and later belong to another user. */
const firstVisits = new Map();
app.get('/app-express/me', ({ user: { id, email } }, response) => {
  if (!firstVisits.has(id)) firstVisits.set(id, new Date());
  response.json({ id, email, since: firstVisits.get(id) });
});

app.listen(Number(PORT), '127.0.0.1');
