import type { Agent } from 'node:http';
import { codeOf, exchange, type Incoming, type Outgoing } from '../load/exchange.ts';
import type { Chance } from './chance.ts';
import type { Tally } from './tally.ts';

/** Of its lifetime, as what is younger is surely alive when a request with it arrives, and what is older surely dead. */
const ALIVE = 0.4;
const EXPIRED = 1.2;
/** Failures in a row: the service makes one wait from the fifth on, and counts what has to be sent again as well. */
const FAILURES = 2;

interface Token {
  readonly token: string;
  readonly since: number;
}

/** What the service must know of one account. */
export interface Account {
  email: string;
  password: string;
  disabled: boolean;
  /** As the service first told it; it never changes. */
  id: string | undefined;
  role: string;
  verified: boolean;
  /** Its hash came by an import, and is replaced at the next login. */
  hasForeignHash: boolean;
  sessions: Token[];
  resetToken: Token | undefined;
  /** Logins and confirmations that failed, one after the other. */
  failedLogins: number;
  failedConfirmations: number;
}

export interface Surroundings {
  readonly url: string;
  readonly control: string;
  readonly agent: Agent;
  readonly tally: Tally;
  /** How long sessions and reset tokens live in the soak. */
  readonly lifetimeMs: number;
  /** The hash of `password` in account.ts, for accounts that are taken in. */
  readonly passwordHash: string;
}

/** Somebody with one account at most, who does one thing after the other, and knows what each must lead to. */
export class Person {
  account: Account | undefined;
  /** What opened something once, and must not any more. */
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

  /** Sends one request to the service, whose answer must have this status, and this code where it refuses. */
  async ask(outgoing: Outgoing, status: number, code?: string): Promise<Incoming> {
    // Every fourth on a connection of its own.
    const agent = this.chance.below(4) === 0 ? {} : { agent: this.#surroundings.agent };
    return this.#send(this.#surroundings.url, { ...agent, ...outgoing }, status, code);
  }

  /** The same over the control socket. */
  async operate(outgoing: Outgoing, status: number, code?: string): Promise<Incoming> {
    return this.#send(this.#surroundings.control, outgoing, status, code);
  }

  async #send(to: string, outgoing: Outgoing, status: number, code: string | undefined): Promise<Incoming> {
    const act = `${outgoing.method} ${outgoing.path.replace(/\?.*/, '').replace(/[\da-f]{8}-[-\da-f]{27}$/, '{id}')}`;
    for (;;) {
      const answer = await exchange(to, outgoing);
      if (answer.status === 503 && codeOf(answer) === 'overloaded') {
        this.tally.sentAway += 1;
        continue;
      }
      if (answer.status === 503 && codeOf(answer) === 'database_unavailable') {
        this.tally.unavailable += 1;
        continue;
      }
      this.tally.count(act);
      if (answer.status !== status || (code !== undefined && codeOf(answer) !== code)) {
        this.tally.unexpected.push(`${act}: ${answer.status} ${codeOf(answer)} instead of ${status} ${code ?? ''}`);
      }
      return answer;
    }
  }

  /** A session that is surely open, if there is any. */
  openSession(account: Account): Token | undefined {
    const now = performance.now();
    const { lifetimeMs } = this.#surroundings;
    const isExpired = ({ since }: Token) => now - since > EXPIRED * lifetimeMs;
    this.dead.push(...account.sessions.filter(isExpired).map(({ token }) => token));
    account.sessions = account.sessions.filter((session) => !isExpired(session));
    return this.chance.pick(account.sessions.filter(({ since }) => now - since < ALIVE * lifetimeMs));
  }

  openResetToken({ resetToken }: Account): Token | undefined {
    if (!resetToken) return undefined;
    return performance.now() - resetToken.since < ALIVE * this.#surroundings.lifetimeMs ? resetToken : undefined;
  }

  mayFailLogin({ failedLogins }: Account): boolean {
    return failedLogins < FAILURES;
  }

  mayFailConfirmation({ failedConfirmations }: Account): boolean {
    return failedConfirmations < FAILURES;
  }

  /** Every session of the account has ended, but for one where it is given. */
  endSessions(account: Account, but?: Token): void {
    this.dead.push(...account.sessions.filter((session) => session !== but).map(({ token }) => token));
    // What ended long ago is no news; some are enough.
    this.dead = this.dead.slice(-20);
    account.sessions = but ? [but] : [];
  }

  /** The account is there, made or taken in. */
  begin(email: string, password: string, { hasForeignHash = false } = {}): void {
    this.tally.accounts += 1;
    const none = { disabled: false, sessions: [], resetToken: undefined, failedLogins: 0, failedConfirmations: 0 };
    this.account = { email, password, id: undefined, role: 'user', verified: false, hasForeignHash, ...none };
  }

  /** The account is gone. */
  end(account: Account): void {
    this.tally.accounts -= 1;
    this.tally.expect('user_deleted');
    this.endSessions(account);
    this.account = undefined;
  }
}
