import { EventEmitter, once } from 'node:events';
import { setTimeout } from 'node:timers/promises';
import { type Answer, send } from '../../support/http-client.mjs';
import { ask, type Doors, type Operation } from '../account.ts';
import { goodTokens, type LedgerAccount } from './account.ts';
import { codeOf, enablingStep, takeCode } from './factor.ts';
import type { Ledger } from './ledger.ts';
import type { Mailbox } from './mailbox.ts';

/** So few that no limit on attempts for one account applies. */
const OPERATIONS_PER_ACCOUNT = 14;
/** Between two looks for a mail. Each counts as an operation: an account is left if none comes. */
const BETWEEN_LOOKS_MS = 50;

/**
 * People who write to the service without a pause, each to an account of their own. They outlive a
 * service that is killed.
 */
export class People {
  readonly #ledger: Ledger;
  readonly #accounts: (LedgerAccount | undefined)[];
  readonly #done = new Map<LedgerAccount, number>();
  readonly #mailbox: Mailbox | undefined;

  /** @param mailbox where addresses must be proven */
  constructor(ledger: Ledger, count: number, mailbox?: Mailbox) {
    this.#ledger = ledger;
    this.#mailbox = mailbox;
    this.#accounts = Array.from({ length: count }, () => undefined);
  }

  /** Their accounts, each of which may have a write in doubt. */
  accounts(): LedgerAccount[] {
    return this.#accounts.filter((account) => account !== undefined);
  }

  /**
   * Begin to write. A person who is cut off, or finds the database unavailable, waits for the next
   * call.
   */
  write(doors: Doors) {
    const changes = new EventEmitter();
    let isStopped = false;
    let acknowledged = 0;
    const one = async (index: number) => {
      while (!isStopped) {
        const account = this.#accountOf(index);
        const outcome = await this.#writeOnce(doors, account);
        if (outcome === 'unavailable') this.#accounts[index] = undefined;
        if (outcome === 'cut' || outcome === 'unavailable') return;
        if (outcome !== 'done') continue;
        acknowledged += 1;
        changes.emit('change');
      }
    };
    let hasEnded = false;
    const all = Promise.all(this.#accounts.map((_, index) => one(index))).then(() => {
      hasEnded = true;
      changes.emit('change');
    });
    return {
      /**
       * Resolves with the nth acknowledged write from the start of this load, or when the load has
       * ended.
       */
      acknowledged: async (nth: number) => {
        while (acknowledged < nth && !hasEnded) await once(changes, 'change');
      },
      /** Ends once the requests under way are answered, or cut off. */
      stop: async () => {
        isStopped = true;
        await all;
      },
    };
  }

  #accountOf(index: number): LedgerAccount {
    const current = this.#accounts[index];
    const done = current ? (this.#done.get(current) ?? 0) : 0;
    if (current && current.state !== 'deleted' && done < OPERATIONS_PER_ACCOUNT) return current;
    const account = this.#ledger.open();
    this.#accounts[index] = account;
    return account;
  }

  async #writeOnce(doors: Doors, account: LedgerAccount): Promise<'done' | 'refused' | 'unavailable' | 'cut'> {
    this.#done.set(account, (this.#done.get(account) ?? 0) + 1);
    const chosen = await chooseOperation(account, this.#mailbox);
    if (!chosen) {
      await setTimeout(BETWEEN_LOOKS_MS);
      return 'refused';
    }
    const operation = await this.#prepare(doors, account, chosen).catch(() => 'cut' as const);
    if (typeof operation === 'string') return operation;
    this.#ledger.begin(account, operation);
    const answer = await ask(doors, account, operation).catch(() => undefined);
    if (!answer) {
      this.#ledger.doubt(account, operation);
      return 'cut';
    }
    if (answer.status === 200) {
      this.#ledger.acknowledge(account, operation, answer);
      return 'done';
    }
    const refusal = this.#refusal(account, operation.kind, answer);
    if (refusal === 'refused') this.#ledger.refuse(account);
    else this.#ledger.doubt(account, operation);
    return refusal;
  }

  #refusal({ email }: LedgerAccount, what: string, { status, code }: Answer): Refused {
    if (code === 'overloaded' || code === 'rate_limited') return 'refused';
    if (code !== 'database_unavailable') this.#ledger.surprise(`${what} of ${email} was answered ${status} ${code}`);
    return 'unavailable';
  }

  /** What comes before a write with a code, and is no write itself that could be missed. */
  async #prepare(doors: Doors, account: LedgerAccount, chosen: Chosen): Promise<Operation | 'refused' | 'unavailable'> {
    if (chosen.kind === 'begin-factor') {
      const { session } = chosen;
      const answer = await send(doors.url, 'POST /profile/totp', { json: { password: account.password }, session });
      if (answer.status !== 200) return this.#refusal(account, 'beginning a factor', answer);
      const { secret } = answer.body as { secret: string };
      const step = enablingStep();
      return { kind: 'enable-factor', session, secret, code: codeOf(secret, step), step };
    }
    if (chosen.kind !== 'send-code') return chosen;
    const answer = await ask(doors, account, { kind: 'log-in' });
    if (answer.code !== 'second_factor_required') return this.#refusal(account, 'a login without its code', answer);
    const code = account.factor && takeCode(account.factor);
    if (!code) {
      this.#done.set(account, OPERATIONS_PER_ACCOUNT);
      return 'refused';
    }
    return { kind: 'use-code', token: (answer.body as { second_factor_token: string }).second_factor_token, ...code };
  }
}

type Refused = 'refused' | 'unavailable';

/** An operation, or one that a request has to come before. */
type Chosen = Operation | { readonly kind: 'begin-factor'; readonly session: string } | { readonly kind: 'send-code' };

/** @returns nothing while the mail of a registration has not come. */
async function chooseOperation(account: LedgerAccount, mailbox: Mailbox | undefined): Promise<Chosen | undefined> {
  if (account.state === 'absent') return { kind: mailbox ? 'ask-to-register' : 'register' };
  if (account.state === 'asked') {
    const proof = await mailbox?.findToken(account.email);
    return proof === undefined ? undefined : { kind: 'prove', token: proof };
  }
  const [session] = account.live;
  // Every other change would use up a code, of which there are few.
  if (account.factor) return session && Math.random() < 0.2 ? { kind: 'log-out', session } : { kind: 'send-code' };
  if (session === undefined) return { kind: 'log-in' };
  const newPassword = `another password ${Math.random()}`;
  const chance = Math.random();
  const tokens = goodTokens(account);
  const token = tokens[Math.floor(Math.random() * tokens.length)];
  if (token !== undefined && chance < 0.15) return { kind: 'reset', token, newPassword };
  if (chance < 0.33) return { kind: 'ask-reset' };
  if (chance < 0.43) return { kind: 'begin-factor', session };
  if (chance < 0.52) return { kind: 'set-role', role: `role-${Math.floor(Math.random() * 1_000_000)}` };
  if (chance < 0.6 && !account.isVerified) return { kind: 'verify' };
  if (chance < 0.65 && !mailbox) return { kind: 'change-email', session, newEmail: anotherEmail(account) };
  if (chance < 0.75) return { kind: 'log-out', session };
  if (chance < 0.85) return { kind: 'change-password', session, newPassword };
  if (chance < 0.9) return { kind: 'delete', session };
  return { kind: 'log-in' };
}

/** An address that is unused, and that the account never had. */
function anotherEmail({ email, formerEmails }: LedgerAccount): string {
  const [first = email] = formerEmails;
  return first.replace('@', `-${formerEmails.size + 1}@`);
}
