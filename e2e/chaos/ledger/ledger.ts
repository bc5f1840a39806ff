import { eventOf, type Operation } from '../account.ts';
import { apply, type LedgerAccount, newAccount } from './account.ts';

export type Tally = Record<string, { least: number; most: number }>;

/** What the service has acknowledged, to check later that all of it is true. */
export function createLedger() {
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
    accounts: accounts as readonly LedgerAccount[],
    /** How many events of each type there must be at least, and at most. */
    tally: tally as Readonly<Tally>,
    /** What must not have been answered or found, one sentence each. */
    surprises: surprises as readonly string[],
    /** Writes that were acknowledged so far. */
    acknowledged: () => acknowledged,
    /** Writes that were sent and not answered so far. */
    doubted: () => doubted,
    open: () => {
      const account = newAccount(accounts.length);
      accounts.push(account);
      return account;
    },
    /** Notes that an operation is under way, before it is sent. */
    begin: (account: LedgerAccount, operation: Operation) => {
      account.doubt = operation;
    },
    acknowledge: (account: LedgerAccount, operation: Operation, answer?: Parameters<typeof apply>[2]) => {
      account.doubt = undefined;
      acknowledged += 1;
      count(operation, 1, 1);
      apply(account, operation, answer);
    },
    /** The service has said that it did nothing. */
    refuse: (account: LedgerAccount) => {
      account.doubt = undefined;
    },
    /** The connection ended without an answer. */
    doubt: (account: LedgerAccount, operation: Operation) => {
      doubted += 1;
      count(operation, 0, 1);
      if (operation.kind === 'log-in' || operation.kind === 'use-code') account.unheardSessions += 1;
      if (operation.kind === 'ask-reset') account.unheardTokens += 1;
    },
    /** It was found out whether an operation in doubt has happened. */
    settle: (account: LedgerAccount, operation: Operation, hasHappened: boolean) => {
      account.doubt = undefined;
      count(operation, hasHappened ? 1 : 0, hasHappened ? 0 : -1);
      if (hasHappened) apply(account, operation);
    },
    surprise: (sentence: string) => {
      surprises.push(sentence);
    },
  };
}

export type Ledger = ReturnType<typeof createLedger>;
