import { setTimeout } from 'node:timers/promises';
import { spawn } from 'node-pty';

/** @typedef {{ seconds: number, data: string }} Output what came on the screen, and when */
/** @typedef {{ type: string } | { see: string } | { pause: number }} Step */

/** What a shell sends before its prompt; terminals take note of it and show nothing. */
const promptMark = '\u001b]133;A\u0007';
const keySeconds = 0.07;
/** The machine that records may be slow; whoever watches should not wait for it. */
const longestWaitSeconds = 0.5;

/**
 * Plays a session in a real shell on a real pseudo-terminal, as fast as a person types.
 *
 * @param {{ steps: readonly Step[], env: Record<string, string>, cols: number, rows: number }} session
 * @returns {Promise<{ outputs: Output[], seconds: number }>} what was shown, in a time without delays of the machine
 */
export async function play({ steps, env, cols, rows }) {
  // The dollar by its number: spelled out it would be a number sign for root.
  const prompt = `\\n\\[${promptMark}\\]\\[\u001b[2m\\]\\044\\[\u001b[0m\\] `;
  const shell = spawn('bash', ['--norc', '--noprofile', '-i'], { cols, rows, env: { ...env, PS1: prompt } });
  /** @type {Output[]} */
  const outputs = [];
  let seconds = 0;
  let raw = '';
  let read = 0;
  let last = performance.now();
  /** @type {() => void} */
  let wake = () => undefined;
  shell.onData((data) => {
    const now = performance.now();
    seconds += Math.min((now - last) / 1000, longestWaitSeconds);
    last = now;
    raw += data;
    outputs.push({ seconds, data });
    wake();
  });

  /** @param {string} text */
  const see = async (text) => {
    for (;;) {
      const found = raw.indexOf(text, read);
      if (found >= 0) {
        read = found + text.length;
        return;
      }
      const more = new Promise((resolve) => {
        wake = () => resolve(true);
      });
      const came = await Promise.race([more, setTimeout(30_000, false)]);
      if (!came) throw new Error(`"${text}" was not shown:\n${raw}`);
    }
  };

  /** @param {string} keys */
  const type = async (keys) => {
    for (const key of keys) {
      const before = outputs.length;
      seconds += keySeconds;
      last = performance.now();
      shell.write(key);
      // A key is shown before the next one is typed, as to a person.
      while (outputs.length === before) {
        await new Promise((resolve) => {
          wake = () => resolve(undefined);
        });
      }
    }
  };

  for (const step of steps) {
    if ('see' in step) await see(step.see === '$' ? promptMark : step.see);
    else if ('type' in step) await type(step.type);
    else seconds += step.pause;
    last = performance.now();
  }
  shell.kill();
  return { outputs, seconds };
}
