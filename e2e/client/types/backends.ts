import { createServer } from 'node:http';
import { createServer as createHttp2Server } from 'node:http2';
import { ApiRefusal, type Authsvc, AuthsvcError, createAuthsvc, type User } from '@authsvc/client';
import { createTestUser } from '@authsvc/client/testing';
import express from 'express';
import express4 from 'express-4';
import Fastify from 'fastify';

const authsvc: Authsvc = createAuthsvc({
  url: 'http://127.0.0.1:4100',
  publicUrl: process.env.AUTHSVC_PUBLIC_URL,
  fetch,
  onUnavailable: (error: AuthsvcError) => process.emitWarning(error.message),
});

const app = express();
app.use('/app', authsvc.requireUser());
app.get('/admin', authsvc.requireUser({ role: 'admin' }), (request, response) => {
  const { id, email, email_verified }: User = authsvc.userOf(request);
  response.json({ id, email, isVerified: email_verified satisfies boolean });
});
app.post('/login', express.urlencoded(), async (request, response) => {
  authsvc.assertSameOrigin(request);
  const { body, setCookie } = await authsvc.logIn(request, request.body);
  response.append('set-cookie', setCookie).json(body.email satisfies string | undefined);
});

const older = express4();
older.use('/app', authsvc.requireUser());
older.post('/logout', (request, response, next) => {
  authsvc.logOut(request).then(({ setCookie }) => response.append('set-cookie', setCookie).end(), next);
});

const server = Fastify();
await server.register(authsvc.fastify);
server.register(authsvc.fastify, { role: 'admin' });
server.get('/me', (request) => authsvc.userOf(request));
server.post<{ Body: { email: string } }>('/reset', async (request, reply) => {
  const { body, setCookie } = await authsvc.requestReset(request, request.body);
  return reply.header('set-cookie', setCookie).send(body.reset_token satisfies string | undefined);
});
const logged = Fastify({ logger: true, http2: true });
await logged.register(authsvc.fastify);

createServer(async (request, response) => {
  const identity = await authsvc.whoami(request);
  response.end(identity?.session.expires_at satisfies string | undefined);
});
createHttp2Server((request, response) => {
  authsvc.requireUser()(request, response, () => response.end());
});

try {
  await authsvc.register({ headers: {} }, { email: 'a@b.example', password: 'x' }, { peer: '192.0.2.1' });
} catch (error) {
  if (error instanceof ApiRefusal) process.emitWarning(error.errors[0]?.field ?? error.code);
  if (error instanceof AuthsvcError) process.exitCode = error.statusCode;
}

const { cookie, user } = await createTestUser({ url: 'http://127.0.0.1:4100' });
process.stdout.write(cookie + user.id);

// @ts-expect-error url is not optional
createAuthsvc({});
// @ts-expect-error a role that is undefined would let in every user
authsvc.requireUser({ role: undefined });
// @ts-expect-error a password is missing
authsvc.logIn({ headers: {} }, { email: 'a@b.example' });
// @ts-expect-error headers alone are no request
authsvc.whoami({ cookie: 'session_id=x' });
