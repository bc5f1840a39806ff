import { createInterface } from 'node:readline';
import { Readable } from 'node:stream';
import { IMPORT_BATCH_SIZE, type ImportedUser, importUsers } from '@authsvc/core';
import type { FastifyInstance } from 'fastify';
import type { ServerPorts } from '../../server-ports.ts';
import type { ExportLine, ImportLine, ImportReport } from '../operator-contract.ts';

const LINES_TYPE = 'application/x-ndjson';
const USERS_PER_PAGE = 1000;
/** Of one line, in characters. */
const LONGEST_LINE = 16_384;

/** Accounts in and out, a line each, without ever holding more than a batch of them. */
export function addUserFileRoutes(server: FastifyInstance, ports: ServerPorts): void {
  server.addContentTypeParser(LINES_TYPE, (_request, payload, done) => done(null, payload));

  server.post<{ Querystring: { dry_run?: string } }>(
    '/users/import',
    {
      schema: {
        querystring: { type: 'object', properties: { dry_run: { const: 'true' } }, additionalProperties: false },
      },
    },
    (request, reply) => {
      return reply
        .type(LINES_TYPE)
        .send(linesOf(takeIn(ports, request.body as Readable, request.query.dry_run === 'true')));
    },
  );

  server.get('/users/export', (_request, reply) => reply.type(LINES_TYPE).send(linesOf(giveOut(ports))));
}

async function* takeIn(ports: ServerPorts, body: Readable, dryRun: boolean): AsyncGenerator<ImportReport> {
  const summary = { imported: 0, exists: 0, refused: 0 };
  let batch: { line: number; user: ImportedUser }[] = [];

  async function* writeBatch(): AsyncGenerator<ImportReport> {
    const outcomes = await importUsers(
      ports,
      batch.map(({ user }) => user),
      { dryRun },
    );
    for (const [index, outcome] of outcomes.entries()) {
      if (typeof outcome === 'string') {
        summary[outcome] += 1;
      } else {
        summary.refused += 1;
        yield { line: batch[index]?.line ?? 0, refused: outcome.refused };
      }
    }
    batch = [];
    yield { done: summary.imported + summary.exists + summary.refused };
  }

  // Made where it is read: lines that come before anyone waits for them are lost.
  for await (const text of createInterface({ input: body, crlfDelay: Number.POSITIVE_INFINITY })) {
    if (text === '') continue;
    const read = readLine(text);
    if ('refused' in read) {
      summary.refused += 1;
      yield read;
      continue;
    }
    batch.push(read);
    if (batch.length >= IMPORT_BATCH_SIZE) yield* writeBatch();
  }
  if (batch.length > 0) yield* writeBatch();
  yield { summary };
}

function readLine(text: string): { line: number; user: ImportedUser } | { line: number; refused: string } {
  let value: Partial<Record<keyof ImportLine, unknown>>;
  try {
    value = text.length > LONGEST_LINE ? {} : JSON.parse(text);
  } catch {
    return { line: 0, refused: 'not JSON' };
  }
  const line = typeof value.line === 'number' ? value.line : 0;
  const { email, password_hash: passwordHash } = value;
  if (typeof email !== 'string' || typeof passwordHash !== 'string') {
    return { line, refused: 'email and password_hash are needed' };
  }
  const createdAt = readTime(value.created_at);
  const disabledAt = readTime(value.disabled_at);
  if (Number.isNaN(createdAt) || Number.isNaN(disabledAt)) return { line, refused: 'a time is not ISO 8601' };
  return { line, user: { email, passwordHash, createdAt, disabledAt } };
}

/** @returns NaN for what is no time. */
function readTime(value: unknown): number | undefined {
  if (value === undefined || value === null) return undefined;
  return typeof value === 'string' && /^\d{4}-\d\d-\d\d/.test(value) ? Date.parse(value) : Number.NaN;
}

async function* giveOut({ store }: ServerPorts): AsyncGenerator<ExportLine> {
  let afterEmailKey: string | undefined;
  for (;;) {
    const users = await store.listUsers({ afterEmailKey, limit: USERS_PER_PAGE });
    for (const user of users) {
      yield {
        email: user.email,
        password_hash: user.passwordHash,
        created_at: new Date(user.createdAt).toISOString(),
        disabled_at: user.disabledAt === undefined ? null : new Date(user.disabledAt).toISOString(),
      };
    }
    afterEmailKey = users.at(-1)?.emailKey;
    if (afterEmailKey === undefined) return;
  }
}

function linesOf(values: AsyncIterable<object>): Readable {
  async function* lines() {
    for await (const value of values) yield `${JSON.stringify(value)}\n`;
  }
  return Readable.from(lines());
}
