import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseEmail } from '../accounts/email.ts';
import { type Registration, register } from '../accounts/register.ts';
import type { User } from '../accounts/user.ts';
import type { AuthEvent } from '../audit/event.ts';
import type { Database } from '../database/database.ts';
import { openSqliteDatabase } from '../database/sqlite/open.ts';
import { createKnexStore, type StoreListeners } from '../database/store.ts';
import type { Mail } from '../mail/mail.ts';
import { sendOwedMail } from '../mail/outbox.ts';
import { normalizePassword } from '../passwords/password-rules.ts';
import type { AuthPolicy, AuthPorts, Mailer, PasswordHasher } from '../ports.ts';
import type { Requester } from '../requester.ts';
import type { LoggedIn } from '../sessions/complete-login.ts';
import { type Credentials, logIn } from '../sessions/log-in.ts';
import { type BatchedSessions, createSessionCache } from '../sessions/session-cache.ts';
import { createUncachedSessions } from '../sessions/uncached-sessions.ts';
import type { Clock, Random } from '../system.ts';
import { createAttemptsInFlight } from '../throttling/attempts-in-flight.ts';
import { chosenDialect, openPostgresTestDatabase } from './postgres.ts';

/** The form by which the service compares addresses. */
export function keyOfEmail(email: string): string {
  return parseEmail(email).key;
}

/** A clock that stands still until it is moved; `now` is milliseconds since the Unix epoch. */
export interface FixedClock extends Clock {
  advance(milliseconds: number): void;
}

export function createFixedClock(startMs = Date.UTC(2030, 0, 1)): FixedClock {
  let current = startMs;
  return {
    now: () => current,
    advance: (milliseconds) => {
      current += milliseconds;
    },
  };
}

/** A hasher that costs nothing and counts, for tests of rules that are not about hashing. */
export interface CheapHasher extends PasswordHasher {
  readonly counts: { hash: number; verify: number };
}

export function createCheapHasher(): CheapHasher {
  const counts = { hash: 0, verify: 0 };
  return {
    counts,
    takePlace: () => ({
      [Symbol.dispose]: () => {
        // There is always room.
      },
    }),
    hash: async (password) => {
      counts.hash += 1;
      return `cheap:${password}`;
    },
    verify: async (password, passwordHash) => {
      counts.verify += 1;
      return passwordHash === `cheap:${normalizePassword(password)}`;
    },
    needsRehash: () => false,
    costOf: () => 10,
    adopt: (passwordHash) => ({ passwordHash }),
    exported: (passwordHash) => passwordHash,
  };
}

/** The defaults of the service, as the rules see them. */
export const defaultPolicy: AuthPolicy = {
  registration: 'open',
  emailVerification: 'off',
  sendsMail: false,
  password: { minLength: 8 },
  lifetimes: { idleMs: 604_800_000, lifetimeMs: 2_592_000_000 },
  resetTokenMs: 600_000,
  eventRetentionMs: 90 * 86_400_000,
  resetDelivery: 'response',
  throttleLoopback: false,
  loginsPerMinute: 10,
  registrationsPerMinute: 5,
  resetsPerMinute: 3,
};

/**
 * Reproducible random numbers: the first UUID ends in 1, the next in 2; bytes repeat the next
 * number.
 */
export function createCountingRandom(): Random {
  let count = 0;
  return {
    bytes: (length) => {
      count += 1;
      const bytes = Buffer.alloc(length, count);
      // A byte alone would repeat itself after 256.
      if (count > 255) bytes.writeUInt32BE(count, length - 4);
      return bytes;
    },
    uuid: () => {
      count += 1;
      return `00000000-0000-4000-8000-${String(count).padStart(12, '0')}`;
    },
  };
}

/** A mailer that records its mails, and fails while it has an `error`. */
export interface RecordingMailer extends Mailer {
  readonly sent: Mail[];
  error: Error | undefined;
}

export function createRecordingMailer(): RecordingMailer {
  const mailer: RecordingMailer = {
    sent: [],
    error: undefined,
    send: async (mail) => {
      if (mailer.error) throw mailer.error;
      mailer.sent.push(mail);
    },
  };
  return mailer;
}

/** Send all mails that are due. @returns those that left. */
export async function sendMails(auth: AuthPorts & { readonly mailer: RecordingMailer }): Promise<Mail[]> {
  const before = auth.mailer.sent.length;
  while ((await sendOwedMail(auth)) !== 'none');
  return auth.mailer.sent.slice(before);
}

/** Register where no proof is required. */
export async function registerUser(ports: AuthPorts, registration: Registration): Promise<User> {
  const { user } = await register(ports, registration);
  if (!user) throw new Error('the address must be proven first');
  return user;
}

/** Log in to an account without a second factor. */
export async function logInUser(ports: AuthPorts, credentials: Credentials): Promise<LoggedIn> {
  const outcome = await logIn(ports, credentials);
  if ('secondFactorToken' in outcome) throw new Error('the account has a second factor');
  return outcome;
}

/** A gate that a test opens when it has seen what it waits for. */
export interface Gate {
  readonly opened: Promise<void>;
  open(): void;
}

export function createGate(): Gate {
  let open: () => void = () => undefined;
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { opened, open };
}

/** This machine, by no proxy. */
export const localClient: Requester = { address: '127.0.0.1', userAgent: 'test', proxied: false };

/** For a store without a cache. */
export const noListeners: StoreListeners = {
  onEvent: () => undefined,
  onStaleSessions: () => undefined,
  onListenerError: () => undefined,
  onFailure: () => undefined,
  onWritten: () => undefined,
};

const DATABASE_FILE = 'authsvc.sqlite';

/** A migrated database of its own, that goes when it is closed. */
export interface TestDatabase extends Database {
  /** The session checks that the service makes on such a database. */
  readonly createSessions: typeof createUncachedSessions;
}

const dialects = {
  sqlite: openTestDatabase,
  postgres: async () => ({ ...(await openPostgresTestDatabase()), createSessions: createUncachedSessions }),
} satisfies Record<string, () => Promise<TestDatabase>>;

/**
 * The databases that the store's tests run on; PostgreSQL is a real server, shared by the test run.
 */
export const testDialects: readonly {
  readonly dialect: keyof typeof dialects;
  readonly open: () => Promise<TestDatabase>;
}[] = [
  { dialect: 'sqlite', open: dialects.sqlite },
  { dialect: 'postgres', open: dialects.postgres },
];

let migratedFile: Promise<Buffer> | undefined;

/** A migrated SQLite file in a temporary folder that goes with it. */
export async function openTestDatabase(): Promise<TestDatabase & { readonly folder: string }> {
  migratedFile ??= makeMigratedFile();
  const folder = await makeFolder();
  const path = join(folder, DATABASE_FILE);
  await writeFile(path, await migratedFile, { mode: 0o600 });
  const database = await openSqliteDatabase(path);
  return {
    ...database,
    folder,
    createSessions: createSessionCache,
    close: async () => {
      await database.close();
      await rm(folder, { recursive: true });
    },
  };
}

/** The bytes of an empty database, migrated once for all tests of a file. */
async function makeMigratedFile(): Promise<Buffer> {
  const folder = await makeFolder();
  const path = join(folder, DATABASE_FILE);
  const database = await openSqliteDatabase(path);
  await database.migrate();
  await database.close();
  const content = await readFile(path);
  await rm(folder, { recursive: true });
  return content;
}

const makeFolder = () => mkdtemp(join(tmpdir(), 'authsvc-core-'));

/**
 * All ports over a real database, with a clock, random numbers, hashes and mails that a test
 * controls.
 */
export interface TestAuth extends AuthPorts {
  readonly clock: FixedClock;
  readonly hasher: CheapHasher;
  readonly mailer: RecordingMailer;
  readonly sessions: BatchedSessions;
  /** Session checks as of another process; the caller closes them. */
  readonly createSessions: () => BatchedSessions;
  /** Restart the session checks, with an empty cache. */
  restart(): Promise<void>;
  readonly database: Database;
  /** The events that the store reported, in order. */
  readonly events: AuthEvent[];
  close(): Promise<void>;
}

/** `password123` is the one common password. */
export async function createTestAuth(
  policy: Partial<AuthPolicy> = {},
  open: () => Promise<TestDatabase> = dialects[chosenDialect],
): Promise<TestAuth> {
  const database = await open();
  const events: AuthEvent[] = [];
  const store = createKnexStore(database, {
    ...noListeners,
    onEvent: (event) => events.push(event),
    onStaleSessions: (stale) => sessions.forget(stale),
    onListenerError: (error) => {
      throw error;
    },
  });
  const rules = { ...defaultPolicy, ...policy };
  const createSessions = () =>
    database.createSessions(store, {
      idleMs: rules.lifetimes.idleMs,
      onFlushError: (error) => {
        throw error;
      },
    });
  let sessions = createSessions();
  return {
    clock: createFixedClock(),
    random: createCountingRandom(),
    hasher: createCheapHasher(),
    attempts: createAttemptsInFlight(),
    mailer: createRecordingMailer(),
    commonPasswords: { includes: async (password) => password === 'password123' },
    policy: rules,
    database,
    events,
    store,
    get sessions() {
      return sessions;
    },
    createSessions,
    restart: async () => {
      await sessions.close();
      sessions = createSessions();
    },
    close: async () => {
      await sessions.close();
      await database.close();
    },
  };
}
