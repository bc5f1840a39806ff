import type { Agent } from 'node:http';
import { type Answer, type SendOptions, send } from '../../support/http-client.mjs';
import { type Account, type Credentials, type Doors, eventOf, type Operation, requestFor } from '../account.ts';
import type { Chance } from './chance.ts';
import type { Tally } from './tally.ts';

/**
 * Fractions of a lifetime: a secret younger than the first is surely valid when a request with it
 * arrives, and one older than the second has surely expired.
 */
const ALIVE = 0.4;
const EXPIRED = 1.2;
/**
 * The most failures in a row: from the fifth on, the service imposes a delay, and it also counts
 * requests that have to be sent again.
 */
const FAILURES = 2;

interface Token {
  readonly token: string;
  readonly since: number;
}

/** What the service must know of one account, whose secrets expire. */
export interface SoakAccount extends Account {
  disabled: boolean;
  /** As the service first showed it; it never changes. */
  id: string | undefined;
  /** Its hash came by an import, and is replaced at the next login. */
  hasForeignHash: boolean;
  sessions: Token[];
  resetToken: Token | undefined;
  /** Logins and confirmations that failed, one after the other. */
  failedLogins: number;
  failedConfirmations: number;
}

export interface Surroundings {
  readonly doors: Doors;
  readonly agent: Agent;
  readonly tally: Tally;
  /** How long sessions and reset tokens live in the soak. */
  readonly lifetimeMs: number;
  /** The hash of `password` in account.ts, for accounts that are taken in. */
  readonly passwordHash: string;
}

/**
 * A person with one account at most, who does one thing after the other and knows what each result
 * must be.
 */
export class Person {
  account: SoakAccount | undefined;
  /** Tokens of sessions that have ended or expired: they must be refused now. */
  dead: string[] = [];
  readonly chance: Chance;
  readonly #name: string;
  readonly #surroundings: Surroundings;
  #made = 0;

  constructor(name: string, chance: Chance, surroundings: Surroundings) {
    this.#name = name;
    this.chance = chance;
    this.#surroundings = surroundings;
  }

  get tally(): Tally {
    return this.#surroundings.tally;
  }

  get passwordHash(): string {
    return this.#surroundings.passwordHash;
  }

  newEmail(): string {
    this.#made += 1;
    return `${this.#name}-${this.#made}@example.com`;
  }

  newRole(): string {
    this.#made += 1;
    return `role-${this.#made}`;
  }

  newPassword(): string {
    this.#made += 1;
    return `a password of ${this.#name}, number ${this.#made}`;
  }

  /** Requests an operation on an account, and expects its event. */
  async change(account: Credentials, operation: Operation): Promise<Answer> {
    const [door, target, options] = requestFor(account, operation);
    const answer = await this.#send(door, target, '200', options);
    this.tally.expect(eventOf[operation.kind]);
    return answer;
  }

  /** Asks for an operation that is refused: `expected` is a status and a code. */
  async refuse(account: Credentials, operation: Operation, expected: string): Promise<Answer> {
    const [door, target, options] = requestFor(account, operation);
    return await this.#send(door, target, expected, options);
  }

  /**
   * Sends one request, whose answer must have the expected status and, if one is given, the
   * expected code.
   */
  async ask(target: string, expected: string, options: SendOptions = {}): Promise<Answer> {
    return await this.#send('url', target, expected, options);
  }

  /** The same over the control socket. */
  async operate(target: string, expected: string, options: SendOptions = {}): Promise<Answer> {
    return await this.#send('control', target, expected, options);
  }

  async #send(door: keyof Doors, target: string, expected: string, options: SendOptions): Promise<Answer> {
    const { doors, agent } = this.#surroundings;
    const act = target.replace(/\?.*/, '').replace(/[\da-f]{8}-[-\da-f]{27}$/, '{id}');
    // Every fourth on a connection of its own.
    const isKept = door === 'url' && this.chance.below(4) !== 0;
    for (;;) {
      const answer = await send(doors[door], target, { agent: isKept && agent, ...options });
      const { status, code } = answer;
      if (status === 503 && code === 'overloaded') this.tally.sentAway += 1;
      else if (status === 503 && code === 'database_unavailable') this.tally.unavailable += 1;
      else {
        this.tally.count(act);
        const found = `${status} ${code}`;
        if (!`${found} `.startsWith(`${expected} `)) {
          this.tally.unexpected.push(`${act}: ${found} instead of ${expected}`);
        }
        return answer;
      }
    }
  }

  /** A session that is surely open, if there is any. */
  openSession(account: SoakAccount): Token | undefined {
    const now = performance.now();
    const { lifetimeMs } = this.#surroundings;
    const isExpired = ({ since }: Token) => now - since > EXPIRED * lifetimeMs;
    this.dead.push(...account.sessions.filter(isExpired).map(({ token }) => token));
    account.sessions = account.sessions.filter((session) => !isExpired(session));
    return this.chance.pick(account.sessions.filter(({ since }) => now - since < ALIVE * lifetimeMs));
  }

  openResetToken({ resetToken }: SoakAccount): Token | undefined {
    if (!resetToken) return undefined;
    return performance.now() - resetToken.since < ALIVE * this.#surroundings.lifetimeMs ? resetToken : undefined;
  }

  mayFailLogin({ failedLogins }: SoakAccount): boolean {
    return failedLogins < FAILURES;
  }

  mayFailConfirmation({ failedConfirmations }: SoakAccount): boolean {
    return failedConfirmations < FAILURES;
  }

  /** Every session of the account has ended, but for one where it is given. */
  endSessions(account: SoakAccount, but?: string): void {
    const ended = account.sessions.filter(({ token }) => token !== but);
    // The latest ones are enough.
    this.dead = [...this.dead, ...ended.map(({ token }) => token)].slice(-20);
    account.sessions = account.sessions.filter(({ token }) => token === but);
  }

  /** The account is there, made or taken in. */
  begin(credentials: Credentials, { hasForeignHash = false, role = 'user', isVerified = false } = {}): void {
    this.tally.accounts += 1;
    const none = { sessions: [], resetToken: undefined, failedLogins: 0, failedConfirmations: 0 };
    const known = { id: undefined, role, isVerified, disabled: false, hasForeignHash };
    this.account = { ...credentials, ...known, ...none };
  }

  /** The account is gone. */
  end(account: SoakAccount): void {
    this.tally.accounts -= 1;
    this.endSessions(account);
    this.account = undefined;
  }
}
