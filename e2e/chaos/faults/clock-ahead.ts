import { setTimeout } from 'node:timers/promises';
import { type Answer, type SendOptions, send } from '../../support/http-client.mjs';
import { fakeClockObstacle, makeFakeClock } from '../fake-clock.ts';
import { password } from '../load/accounts.ts';
import type { Row } from '../row.ts';
import { cannotRun, judge } from '../run-row.ts';

const PUBLIC_HOST = 'auth.example.com';
const DAYS = 10;
const OFFICE = '203.0.113.9';
const GUESSER = '198.51.100.1';
/** A window of one minute, plus the two minutes that a clock may be set back unnoticed. */
const LONGEST_RETRY_S = 180;

export const clockAheadRow: Row = {
  name: 'clock-ahead',
  fault: 'A clock set back while limits are in force',
  dialects: ['sqlite'],
  sizes: { small: {}, full: {} },
  async run({ folder, serve }) {
    if (fakeClockObstacle !== undefined) return cannotRun(fakeClockObstacle);
    const clock = makeFakeClock(folder);
    const daemon = await serve({ AUTHSVC_PUBLIC_URL: `http://${PUBLIC_HOST}`, ...clock.environment });
    const call = (target: string, from: string, options: SendOptions) =>
      send(daemon.url, target, { headers: { host: PUBLIC_HOST, 'x-forwarded-for': from }, ...options });
    const logIn = (email: string, given = password, from = OFFICE) =>
      call('POST /sessions', from, { json: { email, password: given } });
    const profile = (session: string | undefined) => call('GET /profile', OFFICE, { session });

    const failures: string[] = [];
    const expect = (what: string, { status, headers }: Answer, expected: number) => {
      const retryAfter = headers['retry-after'];
      if (status !== expected) failures.push(`${what}: ${status}, not ${expected}`);
      if (Number(retryAfter ?? 0) > LONGEST_RETRY_S) failures.push(`${what}: to be tried again in ${retryAfter} s`);
    };
    const fillLimits = async (when: string) => {
      // On a slow machine a delay may be over before the next guess; each is twice as long as the
      // one before.
      let guess = await logIn('ada@example.com', 'not it at all', GUESSER);
      for (let count = 1; count < 9 && guess.status === 401; count += 1) {
        guess = await logIn('ada@example.com', 'not it at all', GUESSER);
      }
      expect(`the last of many guesses ${when}`, guess, 429);
      let last = await logIn('nobody@example.com');
      for (let index = 0; index < 12 && last.status !== 429; index += 1)
        last = await logIn(`nobody${index}@example.com`);
      expect(`the last of many logins from one address ${when}`, last, 429);
    };

    for (const name of ['ada', 'bob']) {
      const json = { email: `${name}@example.com`, password };
      expect(`registering ${name}`, await call('POST /users', OFFICE, { json }), 200);
    }
    const before = await logIn('ada@example.com', password, '192.0.2.1');
    expect('a login before', before, 200);

    clock.moveTo(DAYS);
    // Node keeps the date of its answers for up to a second.
    const daysAhead = async () => (Date.parse((await profile(undefined)).headers.date ?? '') - Date.now()) / 86_400_000;
    let movedDays = await daysAhead();
    for (let look = 0; look < 300 && !(movedDays > DAYS - 1); look += 1) {
      await setTimeout(10);
      movedDays = await daysAhead();
    }
    if (!(movedDays > DAYS - 1)) failures.push(`the clock of the daemon moved by ${movedDays} days`);
    const ahead = await logIn('bob@example.com', password, '192.0.2.2');
    expect('a login ahead', ahead, 200);
    await fillLimits('ahead');

    clock.moveTo(0);
    expect('the owner, from where the guesses came', await logIn('ada@example.com', password, GUESSER), 200);
    expect('a login from the address that was limited', await logIn('nobody@example.com'), 401);
    expect('a session opened before', await profile(before.session), 200);
    expect('a session opened ahead', await profile(ahead.session), 403);
    const known = await logIn('ada@example.com', password, GUESSER);
    expect('a second login of the owner', known, 200);
    return judge(
      `filled the limits of an account and of an address on a clock ${DAYS} days ahead, and set it right`,
      1,
      'the owner and the address got in at once, and no session outlives its time',
      failures,
    );
  },
};
