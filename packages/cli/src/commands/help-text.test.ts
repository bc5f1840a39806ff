import { describe, expect, it } from 'vitest';
import { createCliBench } from '../testing/cli-bench.ts';
import { startContractServer } from '../testing/contract-server.ts';

const input = 'correct horse';

/** The types of a JSON value's fields, so that two values of one shape are equal. */
function shapeOf(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(shapeOf);
  if (typeof value !== 'object' || value === null) return typeof value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, shapeOf(inner)]));
}

describe('the --json shape in the help', () => {
  it('is what each command prints', async () => {
    const server = await startContractServer();
    const { authsvc } = createCliBench({ AUTHSVC_URL: server.url });
    const account = ['--email', 'ada@example.com', '--password-stdin'];
    const invocations = [
      ['register', ...account],
      ['login', ...account],
      ['profile'],
      ['profile', '--all'],
      ['logout'],
      ['reset', ...account],
    ];
    const printed: Record<string, unknown[]> = {};
    for (const args of invocations) {
      const { stdout } = await authsvc([...args, '--json'], { input });
      const [name = ''] = args;
      printed[name] = [...(printed[name] ?? []), shapeOf(JSON.parse(stdout))];
    }
    for (const [name, shapes] of Object.entries(printed)) {
      const { stdout } = await authsvc([name, '--help']);
      const published = stdout.match(/^ {2}\{.*\}$/gm)?.map((line) => shapeOf(JSON.parse(line)));
      expect([name, published]).toEqual([name, shapes]);
    }
  });
});
