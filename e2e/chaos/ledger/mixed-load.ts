import { EventEmitter, once } from 'node:events';
import { setTimeout } from 'node:timers/promises';
import { ask, type Doors, type Operation } from '../account.ts';
import { goodTokens, type LedgerAccount } from './account.ts';
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
    const operation = await chooseOperation(account, this.#mailbox);
    if (!operation) {
      await setTimeout(BETWEEN_LOOKS_MS);
      return 'refused';
    }
    this.#ledger.begin(account, operation);
    const answer = await ask(doors, account, operation).catch(() => undefined);
    if (!answer) {
      this.#ledger.doubt(account, operation);
      return 'cut';
    }
    const { code } = answer;
    if (answer.status === 200) {
      this.#ledger.acknowledge(account, operation, answer);
      return 'done';
    }
    if (code === 'overloaded' || code === 'rate_limited') {
      this.#ledger.refuse(account);
      return 'refused';
    }
    if (code !== 'database_unavailable') {
      this.#ledger.surprise(`${operation.kind} of ${account.email} was answered ${answer.status} ${code}`);
    }
    this.#ledger.doubt(account, operation);
    return 'unavailable';
  }
}

/** @returns nothing while the mail of a registration has not come. */
async function chooseOperation(account: LedgerAccount, mailbox: Mailbox | undefined): Promise<Operation | undefined> {
  if (account.state === 'absent') return { kind: mailbox ? 'ask-to-register' : 'register' };
  if (account.state === 'asked') {
    const proof = await mailbox?.findToken(account.email);
    return proof === undefined ? undefined : { kind: 'prove', token: proof };
  }
  const [session] = account.live;
  if (session === undefined) return { kind: 'log-in' };
  const newPassword = `another password ${Math.random()}`;
  const chance = Math.random();
  const tokens = goodTokens(account);
  const token = tokens[Math.floor(Math.random() * tokens.length)];
  if (token !== undefined && chance < 0.15) return { kind: 'reset', token, newPassword };
  if (chance < 0.4) return { kind: 'ask-reset' };
  if (chance < 0.5) return { kind: 'set-role', role: `role-${Math.floor(Math.random() * 1_000_000)}` };
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
