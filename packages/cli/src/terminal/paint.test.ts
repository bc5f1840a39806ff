import { shell } from '@authsvc/client/shell-command';
import { describe, expect, it } from 'vitest';
import { loadPaint } from './paint.ts';

describe('loadPaint', () => {
  it('colours a terminal', async () => {
    const paint = await loadPaint({ isTTY: true, env: { TERM: 'xterm' }, color: true });
    expect([paint.enabled, paint.green('✓')]).toEqual([true, '\u001b[32m✓\u001b[39m']);
  });

  it.each([
    ['a pipe', { isTTY: false, env: {}, color: true }],
    ['NO_COLOR', { isTTY: true, env: { NO_COLOR: '1' }, color: true }],
    ['TERM=dumb', { isTTY: true, env: { TERM: 'dumb' }, color: true }],
    ['--no-color', { isTTY: true, env: {}, color: false }],
  ])('leaves the text alone for %s', async (_what, facts) => {
    const { enabled, green, red, yellow, cyan, blue, bold, dim } = await loadPaint(facts);
    const texts = [green, red, yellow, blue, bold, dim].map((brush) => brush('x'));
    expect([enabled, ...texts, cyan(shell`x`)]).toEqual([false, ...'xxxxxxx']);
  });

  it('takes an empty NO_COLOR for none', async () => {
    expect((await loadPaint({ isTTY: true, env: { NO_COLOR: '' }, color: true })).enabled).toBe(true);
  });
});
