import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type Authsvc, AuthsvcError, type RelayedRequest } from '@authsvc/client';
import express from 'express';
import express4 from 'express-4';
import Fastify from 'fastify';
import { send } from '../support/http-client.mjs';

/** One request to an application, as a browser would send it. */
export interface Visit {
  readonly method?: string;
  readonly path?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface Visited {
  readonly status: number;
  readonly location?: string | undefined;
  readonly retryAfter?: string | undefined;
  readonly cacheControl?: string | undefined;
  readonly type?: string | undefined;
  readonly body: unknown;
}

export interface Application {
  readonly url?: string;
  visit(visit: Visit): Promise<Visited>;
  stop(): Promise<void>;
}

/** Starts an application that answers `GET /app/me` with the id of its user. */
export type StartApplication = (authsvc: Authsvc) => Promise<Application>;

/** Serves an application over the network, at a free port. */
export async function startServer(server: Server): Promise<Application & { readonly url: string }> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    url,
    visit: (visit) => ask(url, visit),
    stop: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** Not by `fetch`, which sends a `Sec-Fetch-Mode` of its own. */
async function ask(url: string, { method = 'GET', path = '/app/me?tab=1', headers = {} }: Visit): Promise<Visited> {
  const { status, headers: answered, body } = await send(url, `${method} ${path}`, { headers });
  return {
    status,
    location: answered.location,
    retryAfter: answered['retry-after'],
    cacheControl: answered['cache-control'],
    type: answered['content-type'],
    body,
  };
}

/** Applications whose routes `requireUser` guards. */
export const guarded: Readonly<Record<string, StartApplication>> = {
  'Express 5'(authsvc) {
    const app = express();
    app.use('/app', authsvc.requireUser());
    app.all('/app/me', (request, response) => {
      response.json({ id: authsvc.userOf(request).id });
    });
    return startServer(createServer(app));
  },
  'Express 4'(authsvc) {
    const app = express4();
    app.use('/app', authsvc.requireUser());
    app.all('/app/me', (request, response) => {
      response.json({ id: authsvc.userOf(request).id });
    });
    return startServer(createServer(app));
  },
  async Fastify(authsvc) {
    const app = Fastify();
    await app.register(authsvc.fastify);
    app.all('/app/me', (request) => ({ id: authsvc.userOf(request).id }));
    const url = await app.listen({ port: 0, host: '127.0.0.1' });
    return { url, visit: (visit) => ask(url, visit), stop: () => app.close() };
  },
};

/** Applications that ask `whoami`: `null` without a session, and the status of what it throws. */
export const asking: Readonly<Record<string, StartApplication>> = {
  'a Node server': (authsvc) =>
    startServer(
      createServer(async (request, response) => {
        const { status, body } = await answerWhoami(authsvc, request);
        response.writeHead(status).end(JSON.stringify(body));
      }),
    ),
  Express(authsvc) {
    const app = express();
    app.all('/app/me', async (request, response) => {
      const { status, body } = await answerWhoami(authsvc, request);
      response.status(status).json(body);
    });
    return startServer(createServer(app));
  },
  async Fastify(authsvc) {
    const app = Fastify();
    app.all('/app/me', async (request, reply) => {
      const { status, body } = await answerWhoami(authsvc, request);
      return reply.code(status).send(body);
    });
    const url = await app.listen({ port: 0, host: '127.0.0.1' });
    return { url, visit: (visit) => ask(url, visit), stop: () => app.close() };
  },
  async 'a web Request'(authsvc) {
    return {
      visit: ({ method = 'GET', path = '/app/me', headers = {} }) =>
        answerWhoami(authsvc, new Request(`http://localhost:8080${path}`, { method, headers })),
      stop: async () => undefined,
    };
  },
};

async function answerWhoami(authsvc: Authsvc, request: RelayedRequest): Promise<Visited> {
  try {
    const identity = await authsvc.whoami(request);
    return { status: 200, body: { id: identity?.user.id ?? null } };
  } catch (error) {
    if (!(error instanceof AuthsvcError)) throw error;
    return { status: error.statusCode, body: { name: error.name } };
  }
}
