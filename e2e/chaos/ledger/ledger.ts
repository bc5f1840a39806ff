import { eventOf, type Operation } from '../account.ts';
import { apply, type LedgerAccount, newAccount } from './account.ts';

export type Tally = Record<string, { least: number; most: number }>;

/** What the service has acknowledged, for holding it to that. */
export interface Ledger {
  readonly accounts: readonly LedgerAccount[];
  /** How many events of each type there must be at least, and at most. */
  readonly tally: Readonly<Tally>;
  /** Writes that were acknowledged so far. */
  acknowledged(): number;
  /** Writes that were sent and not answered so far. */
  doubted(): number;
  /** What was answered otherwise than it may be. */
  readonly surprises: readonly string[];
  open(): LedgerAccount;
  /** Notes that an operation is under way, before it is sent. */
  begin(account: LedgerAccount, operation: Operation): void;
  acknowledge(account: LedgerAccount, operation: Operation, answer: Parameters<typeof apply>[2]): void;
  /** The service has said that it did nothing. */
  refuse(account: LedgerAccount): void;
  /** The connection ended without an answer. */
  doubt(account: LedgerAccount, operation: Operation): void;
  /** It was found out whether an operation in doubt has happened. */
  settle(account: LedgerAccount, operation: Operation, hasHappened: boolean): void;
  surprise(sentence: string): void;
}

export function createLedger(): Ledger {
  const accounts: LedgerAccount[] = [];
  const surprises: string[] = [];
  const tally: Tally = Object.fromEntries(Object.values(eventOf).map((event) => [event, { least: 0, most: 0 }]));
  let acknowledged = 0;
  let doubted = 0;
  const count = (operation: Operation, least: number, most: number) => {
    const counted = tally[eventOf[operation.kind]];
    if (!counted) return;
    counted.least += least;
    counted.most += most;
  };
  return {
    accounts,
    tally,
    surprises,
    acknowledged: () => acknowledged,
    doubted: () => doubted,
    open: () => {
      const account = newAccount(accounts.length);
      accounts.push(account);
      return account;
    },
    begin: (account, operation) => {
      account.doubt = operation;
    },
    acknowledge: (account, operation, answer) => {
      account.doubt = undefined;
      acknowledged += 1;
      count(operation, 1, 1);
      apply(account, operation, answer);
    },
    refuse: (account) => {
      account.doubt = undefined;
    },
    doubt: (account, operation) => {
      doubted += 1;
      count(operation, 0, 1);
      if (operation.kind === 'log-in') account.unheardSessions += 1;
      if (operation.kind === 'ask-reset') account.unheardTokens += 1;
    },
    settle: (account, operation, hasHappened) => {
      account.doubt = undefined;
      count(operation, hasHappened ? 1 : 0, hasHappened ? 0 : -1);
      if (hasHappened) apply(account, operation);
    },
    surprise: (sentence) => {
      surprises.push(sentence);
    },
  };
}
