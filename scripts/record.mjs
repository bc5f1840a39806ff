import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { startPrivateKeyring } from './private-keyring.mjs';
import { draw, palette } from './recording/draw.mjs';
import { play } from './recording/play.mjs';
import { film } from './recording/screen.mjs';
import { root } from './root.mjs';
import { setUp } from './setup.mjs';
import { exitFailed, mustRun, StepError, step } from './step.mjs';

/** Records a session of the real program on a real pseudo-terminal, and draws it for the README. */
const picture = join(root, 'docs', 'session.svg');
/** Reads what a program sends to a terminal; fetched into a temporary folder, since nothing else needs it. */
const emulatorPackage = '@xterm/headless@6.0.0';
const terminal = {
  cols: 76,
  rows: 24,
  title: 'A session with authsvc: start the daemon, register, log in, see the profile, reset the password',
};
const port = 4100;
const email = 'ada@example.com';

const enter = '\r';
const atPrompt = [{ see: '$' }, { pause: 0.7 }];
/** @type {import('./recording/play.mjs').Step[]} */
const steps = [
  ...atPrompt,
  { type: `authsvc${enter}` },
  ...atPrompt,
  { pause: 1.5 },
  { type: `authsvc daemon start${enter}` },
  ...atPrompt,
  { pause: 1.2 },
  { type: `authsvc register${enter}` },
  { see: 'Email:' },
  { type: `${email}${enter}` },
  { see: 'Password:' },
  { type: `correct horse${enter}` },
  { see: 'Confirm' },
  { type: `correct horse${enter}` },
  ...atPrompt,
  { pause: 1 },
  { type: `authsvc login${enter}` },
  { see: 'Email:' },
  { pause: 0.5 },
  { type: enter },
  { see: 'Password:' },
  { type: `correct horse${enter}` },
  ...atPrompt,
  { pause: 1.5 },
  { type: `authsvc profile${enter}` },
  ...atPrompt,
  { pause: 1.8 },
  { type: `authsvc reset${enter}` },
  { see: 'Email:' },
  { pause: 0.5 },
  { type: enter },
  { see: 'New password:' },
  { type: `staple after staple${enter}` },
  ...atPrompt,
  { pause: 1.5 },
  { type: `authsvc daemon stop${enter}` },
  ...atPrompt,
  { pause: 4 },
];

await setUp().catch(exitFailed);
const home = mkdtempSync(join(tmpdir(), 'authsvc-record-'));
try {
  await record();
} catch (error) {
  exitFailed(error);
} finally {
  rmSync(home, { recursive: true, force: true, maxRetries: 5, retryDelay: 50 });
}

async function record() {
  if (!(await isFree(port))) throw new StepError(`port ${port} is taken, and the recording shows the usual one`);
  const keyring = await startPrivateKeyring(home);
  if (!keyring) throw new StepError('a private keyring is needed (Debian: dbus gnome-keyring)');
  try {
    const Terminal = await step('Fetched the terminal emulator', fetchEmulator);
    const env = environment(keyring.env);
    const { outputs, seconds } = await step('Played the session', () => play({ steps, ...terminal, env })).finally(() =>
      // Where the session broke off, its daemon is still there.
      spawnSync('authsvc', ['daemon', 'stop'], { env, stdio: 'ignore' }),
    );
    const emulator = new Terminal({ ...terminal, scrollback: 1000, allowProposedApi: true });
    mkdirSync(join(root, 'docs'), { recursive: true });
    writeFileSync(picture, draw(await film(emulator, outputs, seconds, palette), terminal));
    console.log(`✓ Drew ${picture}, which plays for ${Math.round(seconds)} s`);
  } finally {
    await keyring.end();
  }
}

/** @param {Record<string, string>} keyringEnv */
function environment(keyringEnv) {
  const settings = join(home, 'inputrc');
  writeFileSync(settings, 'set enable-bracketed-paste off\n');
  return {
    ...keyringEnv,
    PATH: `${join(root, 'node_modules', '.bin')}:${process.env.PATH}`,
    TERM: 'xterm-256color',
    LANG: 'C.UTF-8',
    TZ: 'UTC',
    INPUTRC: settings,
    HISTFILE: '',
  };
}

/** @returns {Promise<any>} the class `Terminal` */
async function fetchEmulator() {
  const folder = join(home, 'tools');
  mkdirSync(folder);
  await mustRun('npm', ['install', '--prefix', folder, '--no-audit', '--no-fund', emulatorPackage], { cwd: folder });
  const { default: emulator } = await import(
    pathToFileURL(join(folder, 'node_modules', '@xterm', 'headless', 'lib-headless', 'xterm-headless.js')).href
  );
  return emulator.Terminal;
}

/** @param {number} wanted */
function isFree(wanted) {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen(wanted, '127.0.0.1', () => server.close(() => resolve(true)));
  });
}
