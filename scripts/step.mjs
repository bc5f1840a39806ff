import { spawn } from 'node:child_process';

/** A failed step, with everything that it printed. */
export class StepError extends Error {
  /**
   * @param {string} message
   * @param {string} log
   */
  constructor(message, log = '') {
    super(message);
    this.name = 'StepError';
    this.log = log;
  }
}

/**
 * Run a program and capture what it prints, both streams in order.
 *
 * @param {string} command
 * @param {readonly string[]} args
 * @param {{ env?: NodeJS.ProcessEnv, cwd: string }} options
 * @returns {Promise<{ status: number, log: string }>} status 127 when it cannot be started
 */
export function runQuietly(command, args, { env = process.env, cwd }) {
  return new Promise((resolve) => {
    const windows = process.platform === 'win32';
    const child = spawn(command, args, { cwd, env, stdio: ['ignore', 'pipe', 'pipe'], shell: windows });
    /** @type {Buffer[]} */
    const output = [];
    child.stdout.on('data', (chunk) => output.push(chunk));
    child.stderr.on('data', (chunk) => output.push(chunk));
    child.on('error', (error) => resolve({ status: 127, log: error.message }));
    child.on('close', (status) => resolve({ status: status ?? 1, log: Buffer.concat(output).toString() }));
  });
}

/**
 * Run a program that must succeed.
 *
 * @param {string} command
 * @param {readonly string[]} args
 * @param {{ env?: NodeJS.ProcessEnv, cwd: string }} options
 * @returns {Promise<string>} what it printed
 * @throws {StepError} with the full log, when it ends with another status than 0
 */
export async function mustRun(command, args, options) {
  const { status, log } = await runQuietly(command, args, options);
  if (status !== 0) throw new StepError(`${[command, ...args].join(' ')} ended with status ${status}`, log);
  return log;
}

/**
 * Show a step's title while it runs, and its duration when it is done.
 *
 * @template T
 * @param {string | readonly [doing: string, done: string]} title a few words
 * @param {() => Promise<T>} work
 * @param {(result: T) => string} [detail] what to say beside the duration
 * @param {(result: T) => boolean} [isFailure]
 * @returns {Promise<T>}
 */
export async function step(title, work, detail = () => '', isFailure = () => false) {
  const started = performance.now();
  const [doing, done] = typeof title === 'string' ? [title, title] : title;
  const stopCounting = countSeconds(doing, started);
  try {
    const result = await work();
    stopCounting();
    finishLine(isFailure(result) ? '✗' : '✓', done, started, detail(result));
    return result;
  } catch (error) {
    stopCounting();
    finishLine('✗', doing, started, '');
    throw error;
  }
}

/**
 * Show that a long step still runs: in a terminal each second, elsewhere each half minute.
 *
 * @param {string} title
 * @param {number} started
 * @returns {() => void} stops it
 */
function countSeconds(title, started) {
  const { isTTY = false } = process.stdout;
  const show = () => {
    const seconds = Math.round((performance.now() - started) / 1000);
    process.stdout.write(isTTY ? `\r  ${title} … ${seconds} s` : `  … ${seconds} s\n`);
  };
  if (isTTY) process.stdout.write(`  ${title} …`);
  const timer = setInterval(show, isTTY ? 1000 : 30_000);
  return () => clearInterval(timer);
}

/**
 * Exit after a failed step: print its log, then what went wrong.
 *
 * @param {unknown} error
 * @returns {never}
 */
export function exitFailed(error) {
  if (error instanceof StepError) {
    if (error.log) process.stderr.write(`${error.log.trimEnd()}\n\n`);
    process.stderr.write(`✗ ${error.message}\n`);
    process.exit(1);
  }
  throw error;
}

/**
 * @param {string} mark
 * @param {string} title
 * @param {number} started
 * @param {string} detail
 */
function finishLine(mark, title, started, detail) {
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  const rewind = process.stdout.isTTY ? '\r\u001b[K' : '';
  process.stdout.write(`${rewind}${mark} ${title}${detail && `: ${detail}`} (${seconds} s)\n`);
}
