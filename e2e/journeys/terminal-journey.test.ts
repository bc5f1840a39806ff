import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect } from 'vitest';
import { CTRL_C, type PseudoTerminal } from '../../test/pseudo-terminal.ts';
import { findSecretServiceObstacle } from '../../test/secret-service.mjs';
import { it } from '../support/journey.ts';

const email = 'ada@example.com';
const password = 'correct horse battery';
const newPassword = 'staple after staple';

type Open = (args: readonly string[], env?: Readonly<Record<string, string>>) => PseudoTerminal;

async function register(open: Open, env = {}) {
  const terminal = open(['register'], env);
  await terminal.shows('Email:');
  terminal.answer(email);
  await terminal.shows('Password:');
  terminal.answer(password);
  await terminal.shows('Confirm password:');
  terminal.answer(password);
  await terminal.shows(`Registered ${email}`);
  expect(await terminal.ended).toBe(0);
}

async function logIn(open: Open, secret: string, env = {}) {
  const terminal = open(['login'], env);
  // The account used last is proposed: Enter takes it.
  await terminal.shows(email);
  terminal.answer('');
  await terminal.shows('Password:');
  terminal.answer(secret);
  return terminal;
}

async function wholeJourney(open: Open, env: Readonly<Record<string, string>>, place: string) {
  await register(open, env);

  const login = await logIn(open, password, env);
  await login.shows(`as ${email}`);
  await login.shows(`Session saved ${place}`);
  expect(await login.ended).toBe(0);

  const profile = open(['profile'], env);
  await profile.shows(`Email    ${email}`);
  expect(await profile.ended).toBe(0);
  expect(await open(['logout'], env).ended).toBe(0);
  const refused = open(['profile'], env);
  expect(await refused.ended).toBe(4);
  expect(refused.screen()).toContain('authsvc login');

  const reset = open(['reset'], env);
  await reset.shows(email);
  reset.answer('');
  await reset.shows('Reset token issued');
  await reset.shows('New password:');
  reset.answer(newPassword);
  await reset.shows('Password updated');
  expect(await reset.ended).toBe(0);

  const again = await logIn(open, newPassword, env);
  expect(await again.ended).toBe(0);
  for (const terminal of [login, reset, again]) {
    for (const secret of [password, newPassword]) expect(terminal.bytes()).not.toContain(secret);
  }
}

describe('a person at a terminal', () => {
  it('is asked for everything through a whole journey, without a Secret Service', async ({ terminal }) => {
    await wholeJourney(terminal, {}, 'in a file that only you can read');
  });

  it.skipIf(findSecretServiceObstacle())(
    'is asked for everything, with a Secret Service',
    async ({ terminal, secretService }) => {
      await wholeJourney(terminal, secretService.env, 'in the system keychain');
    },
  );

  it('hears what is wrong with an answer, and keeps the ones before it', async ({ terminal }) => {
    const prompt = terminal(['register']);
    await prompt.shows('Email:');
    prompt.answer('not an address');
    await prompt.shows('✗');
    prompt.type('\u0015');
    prompt.answer(email);
    await prompt.shows('Password:');
    prompt.answer('short');
    await prompt.shows('Too short');
    await prompt.shows('Password:');
    prompt.answer(password);
    await prompt.shows('Confirm password:');
    prompt.answer(newPassword);
    await prompt.shows('The two passwords differ');
    await prompt.shows('Password:');
    prompt.answer(password);
    await prompt.shows('Confirm password:');
    prompt.answer(password);
    await prompt.shows(`Registered ${email}`);
    expect(await prompt.ended).toBe(0);
  });

  it('leaves any prompt with Ctrl-C, at once and without a trace', async ({ terminal, home }) => {
    const untilPassword = async (open: PseudoTerminal) => {
      await open.shows('Email:');
      open.answer(email);
      await open.shows('assword:');
    };
    for (const args of [['register'], ['login']]) {
      for (const until of [(open: PseudoTerminal) => open.shows('Email:'), untilPassword]) {
        const open = terminal(args);
        await until(open);
        open.type(CTRL_C);
        expect(await open.ended).toBe(130);
        expect(open.screen()).not.toMatch(/\bat .+:\d+|Error/);
        expect(open.bytes().lastIndexOf('\u001b[?25h')).toBeGreaterThanOrEqual(open.bytes().lastIndexOf('\u001b[?25l'));
      }
    }
    const state = await readdir(join(home, '.local', 'state'), { recursive: true }).catch(() => []);
    expect(state).toEqual([]);
  });
});
