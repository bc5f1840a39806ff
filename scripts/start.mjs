import { spawn } from 'node:child_process';
import { constants } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { root } from './root.mjs';
import { setUp } from './setup.mjs';
import { exitFailed } from './step.mjs';

const defaultUrl = 'http://127.0.0.1:4100';
const forwardedSignals = /** @type {const} */ (['SIGINT', 'SIGTERM', 'SIGHUP']);

await setUp().catch(exitFailed);
runDaemon();

/** Run the daemon in the foreground, and end with its status. */
function runDaemon() {
  const entry = join(root, 'packages', 'cli', 'bin', 'authsvc.js');
  // In its own process group, so that Ctrl-C reaches the daemon only through this program.
  const daemon = spawn(process.execPath, [entry, 'serve'], { stdio: ['ignore', 'pipe', 'inherit'], detached: true });
  createInterface({ input: daemon.stdout }).on('line', (line) => {
    console.log(line);
    const url = /^authsvc listening on (\S+)$/.exec(line)?.[1];
    if (url) console.log(nextCommands(url));
  });
  for (const signal of forwardedSignals) process.on(signal, forwardOnce(daemon));
  const watch = stopWhenOrphaned(daemon);
  daemon.on('exit', (status, signal) => {
    clearInterval(watch);
    process.exitCode = status ?? 128 + (signal ? constants.signals[signal] : 0);
    for (const name of forwardedSignals) process.removeAllListeners(name);
  });
}

/**
 * Forward a signal. npm repeats the one that the terminal has already sent to the foreground group,
 * so a second one within moments is dropped; a later one is forwarded.
 *
 * @param {import('node:child_process').ChildProcess} daemon
 * @returns {(signal: NodeJS.Signals) => void}
 */
function forwardOnce(daemon) {
  const echoMilliseconds = 300;
  let last = Number.NEGATIVE_INFINITY;
  return (signal) => {
    const now = performance.now();
    if (now - last > echoMilliseconds) daemon.kill(signal);
    last = now;
  };
}

/**
 * npm runs this program through a shell, and a signal sent to npm alone ends only that shell: the
 * daemon is to stop as well.
 *
 * @param {import('node:child_process').ChildProcess} daemon
 */
function stopWhenOrphaned(daemon) {
  const parent = process.ppid;
  const lookMilliseconds = 200;
  if (process.env.npm_lifecycle_event === undefined) return undefined;
  const watch = setInterval(() => {
    if (process.ppid === parent) return;
    clearInterval(watch);
    daemon.kill('SIGTERM');
  }, lookMilliseconds);
  return watch;
}

/**
 * @param {string} url where the daemon listens
 * @returns {string} what to open in a browser, and to type in another terminal
 */
function nextCommands(url) {
  const command = shellQuoted(join(root, 'node_modules', '.bin', 'authsvc'));
  const flag = url === defaultUrl ? '' : ` --url ${url}`;
  const page = url.replace('//127.0.0.1:', '//localhost:');
  return `\nIn a browser:\n  ${page}\n\nIn another terminal, from any folder:\n  ${command} register${flag}\n  ${command} --help\n\nCtrl-C stops it.\n`;
}

/** @param {string} path */
function shellQuoted(path) {
  return /^[\w./@%+:,-]+$/.test(path) ? path : `'${path.replaceAll("'", "'\\''")}'`;
}
