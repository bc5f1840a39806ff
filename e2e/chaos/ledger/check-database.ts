import { createHash } from 'node:crypto';
import type { RowDatabase } from '../database.ts';
import type { Dialect } from '../row.ts';
import { goodTokens, type LedgerAccount } from './account.ts';
import { recoveryDigest } from './factor.ts';
import type { Ledger } from './ledger.ts';

/**
 * Compares the database with the ledger, without going through the service: its tables, its audit
 * trail and, with SQLite, the file itself.
 */
export async function checkDatabase(database: RowDatabase, dialect: Dialect, ledger: Ledger): Promise<void> {
  const check = (holds: boolean, sentence: string) => holds || ledger.surprise(sentence);
  if (dialect === 'sqlite') {
    const integrity = JSON.stringify(await database.query('pragma integrity_check'));
    check(integrity === '[{"integrity_check":"ok"}]', `integrity_check says ${integrity}`);
    const orphans = await database.query('pragma foreign_key_check');
    check(orphans.length === 0, `${orphans.length} rows belong to nobody`);
  }
  const rows = await database.query('select email, role, email_verified from users');
  const users = new Map(rows.map((row) => [String(row.email), `${row.role} ${Boolean(row.email_verified)}`]));
  const sessions = await database.query(
    'select token_digest, email from sessions join users on users.id = sessions.user_id',
  );
  const sessionDigests = new Set(sessions.map(({ token_digest }) => String(token_digest)));
  const sessionCounts = new Map<string, number>();
  for (const { email } of sessions) sessionCounts.set(String(email), (sessionCounts.get(String(email)) ?? 0) + 1);
  const tokens = await database.query('select digest from one_time_tokens');
  const tokenDigests = new Set(tokens.map(({ digest }) => String(digest)));

  const factors = await database.query('select email, last_step from users join totp_factors on user_id = users.id');
  const lastSteps = new Map(factors.map(({ email, last_step }) => [String(email), Number(last_step)]));
  const recoveryRows = await database.query('select digest from recovery_codes');
  const recoveryDigests = new Set(recoveryRows.map((row) => String(row.digest)));

  for (const account of ledger.accounts) {
    checkFactor(account);
    const { email, state, live, ended, unheardSessions } = account;
    if (!account.doubt) {
      check(users.has(email) === (state === 'there'), `${email}: ${state}, and the table differs`);
      const kept = users.get(email);
      const known = `${account.role} ${account.isVerified}`;
      check(kept === undefined || kept === known, `${email}: role and verification are ${kept} instead of ${known}`);
    }
    for (const former of account.formerEmails) check(!users.has(former), `${email}: still there as ${former}`);
    for (const session of live) check(sessionDigests.has(digest(session)), `${email}: a session is missing`);
    for (const session of ended) check(!sessionDigests.has(digest(session)), `${email}: a session has not ended`);
    const count = sessionCounts.get(email) ?? 0;
    check(count <= live.size + unheardSessions, `${email}: ${count} sessions, of which ${live.size} are known`);
    for (const token of goodTokens(account)) {
      check(tokenDigests.has(digest(token)), `${email}: a reset token is missing`);
    }
    for (const token of account.spentTokens) check(!tokenDigests.has(digest(token)), `${email}: a token is not spent`);
  }
  const events = await database.query('select type, count(*) as times from events group by type');
  const timesOf = new Map(events.map(({ type, times }) => [String(type), Number(times)]));
  for (const [type, { least, most }] of Object.entries(ledger.tally)) {
    const times = timesOf.get(type) ?? 0;
    check(times >= least && times <= most, `${times} events ${type}, where ${least} to ${most} have happened`);
  }

  function checkFactor({ email, doubt, state, factor }: LedgerAccount): void {
    const lastStep = lastSteps.get(email);
    if (doubt || state !== 'there') return;
    check((lastStep !== undefined) === (factor !== undefined), `${email}: a factor differs from what was enabled`);
    if (!factor || lastStep === undefined) return;
    const { usedStep, usedRecoveryCodes, recoveryCodes } = factor;
    check(lastStep >= usedStep, `${email}: the step ${usedStep} was used, and ${lastStep} is the last one`);
    const isThere = (code: string) => recoveryDigests.has(recoveryDigest(code));
    check(!usedRecoveryCodes.some(isThere), `${email}: a recovery code is not spent`);
    check(recoveryCodes.every(isThere), `${email}: a recovery code is missing`);
  }
}

function digest(secret: string): string {
  return createHash('sha256').update(secret).digest('base64url');
}
