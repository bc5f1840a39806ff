import fc from 'fast-check';
import { importUsers } from '../accounts/import-users.ts';
import {
  deleteUser,
  disableUser,
  enableUser,
  getUser,
  issueResetTokenFor,
  listUsers,
  resetFactors,
  revokeAllSessions,
  revokeSessions,
  setRole,
  verifyUser,
} from '../accounts/operator.ts';
import type { User } from '../accounts/user.ts';
import { toBase32 } from '../factors/base32.ts';
import { deleteExpired } from '../housekeeping.ts';
import { entry, often, type Someone, someone, typed } from './choices.ts';
import { stepNow } from './code-rules.ts';
import { between, type Command, command } from './command.ts';
import * as rules from './operator-rules.ts';
import { hashOf, type Service } from './service.ts';
import { BROWSER_MS, IDLE_MS, LIFETIME_MS, NOT_ME_MS, TOKEN_MS, type Typed, type World } from './world.ts';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;

const seen = ({ email, role, emailVerified, disabledAt, lockedAt }: User) => {
  return { email, role, emailVerified, disabledAt, lockedAt };
};

type Change = (auth: Service['auth'], email: string) => Promise<User>;

const changing = (name: string, rule: (world: World, who: Typed) => unknown, act: Change) => (whose: Someone) =>
  command(name, (world) => {
    const who = whose(world);
    return {
      said: who.email,
      rule: () => rule(world, who),
      act: async ({ auth }) => seen(await act(auth, who.email)),
    };
  });

export const onAccount = (...change: Parameters<typeof changing>) => someone.map(changing(...change));

export const verifying = changing('verifyUser', rules.verify, verifyUser);

const issuing = someone.map((whose) =>
  command('issueResetTokenFor', (world) => {
    const who = whose(world);
    return {
      said: who.email,
      rule: () => rules.issueTokenFor(world, who),
      act: async ({ auth, tokens }) => {
        const { user, resetToken, expiresAt } = await issueResetTokenFor(auth, who.email);
        tokens.push(resetToken);
        return { ...seen(user), expiresAt };
      },
    };
  }),
);

const revokingAll = fc.constant('').map((said) =>
  command('revokeAllSessions', (world) => ({
    said,
    rule: () => between(rules.revokeAll(world)),
    act: ({ auth }) => revokeAllSessions(auth),
  })),
);

/** By pages, as the console turns them. */
const searching = fc
  .tuple(fc.constantFrom('', 'ada', '+', '_', '%', '.', '\\', 'xn--'), fc.integer({ min: 1, max: 3 }))
  .map(([search, limit]) =>
    command('listUsers', (world) => ({
      said: `${search}, by ${limit}`,
      rule: () => rules.search(world, search).map(rules.seen),
      act: async ({ auth }) => {
        const found: User[] = [];
        let afterEmailKey: string | undefined;
        do {
          const page = await listUsers(auth, { search, afterEmailKey, limit });
          found.push(...page.users);
          afterEmailKey = page.next;
        } while (afterEmailKey !== undefined);
        return found.map(seen);
      },
    })),
  );

const incoming = fc.record({
  typed,
  password: entry.map(({ password }) => password),
  createdAt: fc.constantFrom(undefined, 0, 1_700_000_000_000),
  disabledAt: fc.constantFrom(undefined, undefined, 1_800_000_000_000),
  role: fc.constantFrom(undefined, 'admin'),
  emailVerified: fc.constantFrom(undefined, false, true),
  // The last one is further ahead than a code can be.
  factor: fc.constantFrom(undefined, undefined, { lastStep: -1 }, { lastStep: 1 }, { lastStep: 99 }),
});

const importing = fc.tuple(fc.array(incoming, { maxLength: 3 }), fc.boolean()).map(([batch, dryRun]) =>
  command('importUsers', (world) => ({
    said: `${batch.map(({ typed: { email } }) => email).join(' ')}${dryRun ? ', dry' : ''}`,
    rule: () => rules.take(world, batch, dryRun),
    act: async ({ auth, apps }) => {
      const users = batch.map(({ typed: { email }, password, factor, ...rest }) => {
        const secret = toBase32(auth.random.bytes(20));
        const factors = factor && { secret, lastStep: stepNow({ now: auth.clock.now() }) + factor.lastStep };
        return { email, passwordHash: hashOf(password, true), factors, ...rest };
      });
      const outcomes = await importUsers(auth, users, { dryRun });
      for (const [index, { factors }] of users.entries()) {
        if (factors && !dryRun && outcomes[index] === 'imported') apps.push(factors.secret);
      }
      return outcomes.map((outcome) => (typeof outcome === 'string' ? outcome : 'refused'));
    },
  })),
);

const keepingHouse = fc.constant('').map((said) =>
  command('deleteExpired', () => ({
    said,
    rule: () => undefined,
    act: async ({ auth }) => {
      await deleteExpired(auth);
    },
  })),
);

const restarting = fc.constant('').map((said) =>
  command('restart', () => ({
    said,
    rule: () => undefined,
    act: (service) => service.restart(),
  })),
);

/**
 * Periods after which something expires, and the same less a minute, because a last use is known
 * to the minute.
 */
const passing = fc
  .constantFrom(
    ...[...often(6, MINUTE_MS), ...often(2, TOKEN_MS - MINUTE_MS), TOKEN_MS, HOUR_MS, 24 * HOUR_MS],
    ...[IDLE_MS - MINUTE_MS, IDLE_MS, LIFETIME_MS - MINUTE_MS, LIFETIME_MS],
    ...[NOT_ME_MS - MINUTE_MS, NOT_ME_MS, BROWSER_MS - MINUTE_MS, BROWSER_MS],
  )
  .map((milliseconds) =>
    command('time passes', (world) => ({
      said: `${milliseconds / MINUTE_MS} min`,
      rule: () => {
        world.now += milliseconds;
      },
      act: (service) => service.passTime(milliseconds),
    })),
  );

export const operatorCommands: readonly fc.Arbitrary<Command>[] = [
  onAccount('disableUser', rules.disable, disableUser),
  ...often(2, onAccount('enableUser', rules.enable, enableUser)),
  someone.map(verifying),
  ...['user', 'admin'].map((role) =>
    onAccount(
      `setRole ${role}`,
      (world, who) => rules.setRole(world, who, role),
      (auth, email) => setRole(auth, email, role),
    ),
  ),
  onAccount('deleteUser', rules.remove, deleteUser),
  onAccount('revokeSessions', rules.revoke, revokeSessions),
  onAccount('resetFactors', rules.resetFactors, resetFactors),
  onAccount('getUser', rules.show, getUser),
  ...[...often(2, issuing), revokingAll, searching, importing],
  ...[keepingHouse, restarting, ...often(3, passing)],
];
