import { Writable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { createBoundedLog } from './standard-log.ts';

describe('createBoundedLog', () => {
  it('keeps little for a reader that does not read, and goes on once it does', () => {
    let taken = 0;
    let takeNext = (): void => undefined;
    const output = new Writable({
      write: (chunk: Buffer, _encoding, done) => {
        taken += chunk.length;
        takeNext = done;
      },
    });
    const log = createBoundedLog(output);
    const line = `${'x'.repeat(999)}\n`;
    for (let count = 0; count < 10_000; count += 1) log.write(line);
    expect(output.writableLength).toBeLessThan(1_100_000);

    const before = taken;
    takeNext();
    log.write(line);
    expect(taken).toBeGreaterThan(before);
  });
});
