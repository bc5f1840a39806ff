import { Readable } from 'node:stream';
import {
  type ExportLine,
  exportSchema,
  type ImportLine,
  type ImportReport,
  importSchema,
  type Static,
  type TotpLine,
} from '@authsvc/client/contract';
import { LONGEST_LINE, splitLines } from '@authsvc/client/split-lines';
import {
  type AuthPorts,
  type ExportedUser,
  exportUsers,
  IMPORT_BATCH_SIZE,
  type ImportedFactors,
  type ImportedUser,
  importUsers,
} from '@authsvc/core';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { HttpError, refusalOf } from '../http/errors.ts';

const LINES_TYPE = 'application/x-ndjson';

/** Imports and exports accounts, one a line, and never holds more than a batch of them. */
export function addUserFileRoutes(server: FastifyInstance, ports: AuthPorts): void {
  server.addContentTypeParser(LINES_TYPE, (_request, payload, done) => done(null, payload));

  server.post<{ Querystring: Partial<Static<typeof importSchema>> }>(
    '/users/import',
    { schema: { querystring: importSchema } },
    (request, reply) => {
      const { body, query } = request;
      if (!(body instanceof Readable)) throw new HttpError('unsupported_media_type', `send lines as ${LINES_TYPE}`);
      const reports = takeIn(ports, body, query.dry_run === 'true');
      return reply.type(LINES_TYPE).send(linesOf(withFailure(reports, request, reply)));
    },
  );

  server.get<{ Querystring: Partial<Static<typeof exportSchema>> }>(
    '/users/export',
    { schema: { querystring: exportSchema } },
    ({ query }, reply) => reply.type(LINES_TYPE).send(linesOf(giveOut(ports, query.with_factors === 'true'))),
  );
}

async function* takeIn(ports: AuthPorts, body: Readable, dryRun: boolean): AsyncGenerator<ImportReport> {
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

  for await (const text of splitLines(body)) {
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

/** The answer has already begun when something fails, so its last line reports the error. */
async function* withFailure(
  reports: AsyncGenerator<ImportReport>,
  { log }: FastifyRequest,
  { raw }: FastifyReply,
): AsyncGenerator<ImportReport> {
  try {
    yield* reports;
  } catch (error) {
    // The client has gone.
    if (raw.destroyed) return;
    const { body } = refusalOf(error);
    if (body.code === 'internal') log.error({ err: error }, 'an import failed');
    yield { error: body };
  }
}

function readLine(text: string | undefined): { line: number; user: ImportedUser } | { line: number; refused: string } {
  if (text === undefined) return { line: 0, refused: `longer than ${LONGEST_LINE} characters` };
  let value: Partial<Record<keyof ImportLine, unknown>>;
  try {
    value = JSON.parse(text) ?? {};
  } catch {
    return { line: 0, refused: 'not JSON' };
  }
  const line = typeof value.line === 'number' ? value.line : 0;
  const { email, password_hash: passwordHash } = value;
  if (typeof email !== 'string' || typeof passwordHash !== 'string') {
    return { line, refused: 'email and password_hash are needed' };
  }
  const { role, email_verified: emailVerified } = value;
  if (role !== undefined && typeof role !== 'string') return { line, refused: 'role is not text' };
  if (emailVerified !== undefined && typeof emailVerified !== 'boolean') {
    return { line, refused: 'email_verified is neither true nor false' };
  }
  const createdAt = readTime(value.created_at);
  const disabledAt = readTime(value.disabled_at);
  if (Number.isNaN(createdAt) || Number.isNaN(disabledAt)) return { line, refused: 'a time is not ISO 8601' };
  const read = readFactors(value);
  if ('refused' in read) return { line, refused: read.refused };
  return { line, user: { email, passwordHash, createdAt, disabledAt, role, emailVerified, factors: read.factors } };
}

/** The rules check what a secret and a digest look like. */
function readFactors({
  totp,
  recovery_codes: digests = [],
}: Partial<Record<keyof ImportLine, unknown>>): { factors: ImportedFactors | undefined } | { refused: string } {
  const isList = Array.isArray(digests) && digests.every((digest) => typeof digest === 'string');
  if (!isList) return { refused: 'recovery_codes is no list of digests' };
  if (totp === undefined || totp === null) {
    return digests.length === 0 ? { factors: undefined } : { refused: 'recovery_codes need totp' };
  }
  const {
    secret,
    enabled_at: enabled,
    last_step: lastStep,
    ...others
  } = (typeof totp === 'object' ? totp : {}) as Partial<Record<keyof TotpLine, unknown>>;
  const enabledAt = readTime(enabled);
  const isStep =
    lastStep === undefined || (typeof lastStep === 'number' && Number.isSafeInteger(lastStep) && lastStep >= 0);
  if (typeof secret !== 'string' || Number.isNaN(enabledAt) || !isStep || Object.keys(others).length > 0) {
    return { refused: 'totp is not {"secret", "enabled_at", "last_step"}' };
  }
  return { factors: { secret, enabledAt, lastStep, recoveryDigests: digests } };
}

/** @returns NaN for what is no time. */
function readTime(value: unknown): number | undefined {
  if (value === undefined || value === null) return undefined;
  return typeof value === 'string' && /^\d{4}-\d\d-\d\d/.test(value) ? Date.parse(value) : Number.NaN;
}

async function* giveOut(ports: AuthPorts, withFactors: boolean): AsyncGenerator<ExportLine> {
  for await (const user of exportUsers(ports, { withFactors })) {
    yield {
      email: user.email,
      password_hash: user.passwordHash,
      created_at: new Date(user.createdAt).toISOString(),
      disabled_at: user.disabledAt === undefined ? null : new Date(user.disabledAt).toISOString(),
      role: user.role,
      email_verified: user.emailVerified,
      ...(withFactors && factorsOf(user)),
    };
  }
}

function factorsOf({ factors, secondFactorAt }: ExportedUser): Pick<ExportLine, 'totp' | 'recovery_codes'> {
  if (!factors?.totp || secondFactorAt === undefined) return { totp: null, recovery_codes: [] };
  const { secret, lastStep } = factors.totp;
  return {
    totp: { secret, enabled_at: new Date(secondFactorAt).toISOString(), last_step: lastStep },
    recovery_codes: factors.recoveryDigests,
  };
}

function linesOf(values: AsyncIterable<object>): Readable {
  async function* lines() {
    for await (const value of values) yield `${JSON.stringify(value)}\n`;
  }
  return Readable.from(lines());
}
