import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadPaint } from '../terminal/paint.ts';
import { renderLogLine } from './render-log-line.ts';

describe('renderLogLine', () => {
  const before = process.env.TZ;
  beforeAll(() => {
    process.env.TZ = 'Asia/Tokyo';
  });
  afterAll(() => {
    if (before === undefined) delete process.env.TZ;
    else process.env.TZ = before;
  });

  const render = async (line: unknown) =>
    renderLogLine(
      typeof line === 'string' ? line : JSON.stringify(line),
      await loadPaint({ isTTY: false, env: {}, color: true }),
    );
  const time = '2026-11-22T16:40:05.123Z';

  it('shows local time, level, event, message and the other fields', async () => {
    expect(
      await render({
        level: 'warn',
        time,
        event: 'setting_unknown',
        message: 'no such setting',
        name: 'A B',
        count: 2,
      }),
    ).toBe('2026-11-23 01:40:05 WARN  setting_unknown: no such setting name="A B" count=2');
  });

  it('shows an error with its stack and its cause', async () => {
    const err = {
      type: 'Error',
      message: 'out',
      stack: 'Error: out\n  at a',
      cause: { type: 'TypeError', message: 'in' },
    };
    expect(await render({ level: 'error', time, message: 'failed', err })).toBe(
      '2026-11-23 01:40:05 ERROR failed\n    Error: out\n    at a\n    TypeError: in',
    );
  });

  it('shows what is not JSON as it is, and lets no control character through', async () => {
    expect(await render('FATAL ERROR: \u001b[31mheap')).toBe('FATAL ERROR:  [31mheap');
    expect(await render({ level: 'info', time, event: 'a\u001b[2Jb', agent: 'c\u0007' })).not.toMatch(/\p{Cc}/u);
  });
});
