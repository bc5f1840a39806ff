import { readFile } from 'node:fs/promises';
import type { AuthPolicy } from '@authsvc/core';
import { createTestAuth, type TestAuth } from '@authsvc/core/testing';
import type { FastifyInstance, LightMyRequestResponse } from 'fastify';
import { buildServer } from '../server.ts';
import type { ServerPorts } from '../server-ports.ts';

type Fields = Readonly<Record<string, string>>;

export interface TestServer {
  readonly auth: TestAuth;
  readonly server: FastifyInstance;
  /** What was logged, at level trace. */
  readonly logLines: string[];
  close(): Promise<void>;
}

/** The service over a real database and a clock that stands still, reached by `inject`; some ports may be replaced. */
export async function createTestServer(
  policy: Partial<AuthPolicy> = {},
  ports: Partial<ServerPorts> = {},
): Promise<TestServer> {
  const auth = await createTestAuth(policy);
  const logLines: string[] = [];
  const logStream = { write: (line: string) => logLines.push(line) };
  const server = buildServer({ ...auth, ...ports }, { logLevel: 'trace', logStream });
  return {
    auth,
    server,
    logLines,
    close: async () => {
      await server.close();
      await auth.close();
    },
  };
}

/** The two ways in which a body can come. */
export const encodings = {
  json: (fields: Fields) => ({ payload: JSON.stringify(fields), headers: { 'content-type': 'application/json' } }),
  form: (fields: Fields) => ({
    payload: new URLSearchParams(fields).toString(),
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
  }),
};

/** An answer as far as the contract speaks of it. */
export function answer(response: LightMyRequestResponse) {
  return { status: response.statusCode, body: response.json() };
}

/** Every byte of a database, as text. */
export async function readDatabase(folder: string): Promise<string> {
  const files = ['authsvc.sqlite', 'authsvc.sqlite-wal'].map((name) => readFile(`${folder}/${name}`, 'latin1'));
  return (await Promise.all(files)).join('');
}
