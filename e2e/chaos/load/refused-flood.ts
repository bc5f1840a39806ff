import { Agent } from 'node:http';
import { mustSend, type SendOptions, send } from '../../support/http-client.mjs';
import { percentile } from '../../support/statistics.mjs';
import type { Row } from '../row.ts';
import { judge } from '../run-row.ts';
import { importAccounts, password } from './accounts.ts';

const VICTIM = 'victim@example.com';
const FLOODING_ADDRESS = '203.0.113.66';

export const refusedFloodRow: Row<'connections' | 'logins' | 'every' | 'cost' | 'percent'> = {
  name: 'refused-flood',
  fault: 'Guesses at an account once a second, and a flood of connections that are refused',
  dialects: ['sqlite'],
  // Milliseconds between the logins of others, and how many per cent of them succeed; those of the
  // small run leave room for a machine that is busy.
  sizes: {
    small: { connections: 20, logins: 20, every: 300, cost: 10, percent: 50 },
    full: { connections: 400, logins: 100, every: 300, cost: 12, percent: 95 },
  },
  async run({ size, serve, log, onEnd }) {
    // Behind a proxy on this machine, which says where each request comes from.
    const settings = { AUTHSVC_BCRYPT_COST: String(size.cost), AUTHSVC_PUBLIC_URL: 'http://localhost' };
    const daemon = await serve(settings);
    const { url } = daemon;
    const from = (address: string): SendOptions => ({ headers: { host: 'localhost', 'x-forwarded-for': address } });
    const logIn = (email: string, given: string, address: string, agent: Agent | false = false) =>
      send(url, 'POST /sessions', { json: { email, password: given }, agent, ...from(address) });
    await mustSend(url, 'POST /users', { json: { email: VICTIM, password }, ...from('192.0.2.1') });
    const others = Array.from({ length: size.logins }, (_, index) => `user-${index}@example.com`);
    await importAccounts(daemon, others);

    let isOver = false;
    onEnd(() => {
      isOver = true;
    });
    const flood = { refused: 0, overloaded: 0, other: 0 };
    const agent = new Agent({ keepAlive: true, maxSockets: size.connections });
    const flooding = Array.from({ length: size.connections }, async () => {
      while (!isOver) {
        const { status } = await logIn('nobody@example.com', 'not it at all', FLOODING_ADDRESS, agent);
        if (status === 429) flood.refused += 1;
        else if (status === 503) flood.overloaded += 1;
        else flood.other += 1;
      }
    });
    let guesses = 0;
    const guess = setInterval(() => {
      guesses += 1;
      logIn(VICTIM, 'not it at all', `198.51.100.${guesses % 200}`).catch(() => undefined);
    }, 1000);
    onEnd(() => clearInterval(guess));

    const tookMs: number[] = [];
    const answers: string[] = [];
    await Promise.all(
      others.map(async (email, index) => {
        await new Promise((resolve) => setTimeout(resolve, index * size.every));
        const startedAt = performance.now();
        const answer = await logIn(email, password, `198.18.${index >> 8}.${index & 255}`);
        answers.push(answer.status === 200 ? 'in' : String(answer.code));
        tookMs.push(performance.now() - startedAt);
      }),
    );
    const served = answers.filter((answer) => answer === 'in').length;
    log(`${served} of ${size.logins} logins of others`);

    const issued = await mustSend(daemon.control, 'POST /users/reset', { json: { email: VICTIM } });
    const { reset_token } = issued.body as { reset_token?: string };
    const newPassword = 'staple after staple';
    const json = { email: VICTIM, reset_token, new_password: newPassword };
    const reset = await send(url, 'PUT /reset_password', { json, ...from('192.0.2.77') });
    const owner = await logIn(VICTIM, newPassword, '192.0.2.77');
    isOver = true;
    clearInterval(guess);
    await Promise.all(flooding);
    agent.destroy();
    return judge(
      `a guess a second at one account, and ${size.connections} connections of one address that log in on and on, at cost ${size.cost}`,
      flood.refused + flood.overloaded + flood.other,
      `${served} of ${size.logins} logins of others, p99 ${percentile(tookMs, 99).toFixed(0)} ms; the flood had ${flood.refused} × 429, ${flood.overloaded} × 503, ${flood.other} others`,
      [
        served < (size.percent / 100) * size.logins &&
          `${served} of ${size.logins} logins of others succeeded: ${answers}`,
        flood.refused === 0 && 'nothing of the flood was refused',
        reset.status !== 200 && `the reset was answered ${reset.status}`,
        owner.status !== 200 && `the owner was answered ${owner.status} after the reset`,
      ],
    );
  },
};
