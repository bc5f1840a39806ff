import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect } from 'vitest';
import { it } from '../support/journey.ts';
import { root } from '../support/program.ts';
import type { Row } from './rounds.mjs';

interface Parts {
  median(values: readonly number[]): number;
  percentile(values: readonly number[], percent: number): number;
  ratio(values: readonly number[], others: readonly number[]): number;
  alternate(contests: readonly object[], rounds: number): Promise<Row[]>;
  resultTable(sections: readonly { title: string; rows: readonly Row[] }[]): string;
  judgeTargets(rows: readonly Row[]): object[];
  drawChart(results: object): string;
  summary(results: object): string;
}

/** The benchmark is a program; only what computes and draws is called from here. */
async function load(file: string): Promise<Parts> {
  return (await import(join(root, 'e2e', 'bench', file))) as Parts;
}

const main = join(root, 'e2e', 'bench', 'main.mjs');

const fastify = {
  id: 'checks/16/bare-fastify',
  load: '16 connections',
  party: 'bare Fastify',
  unit: 'checks/s',
  samples: [{ value: 100_000 }, { value: 50_000 }, { value: 80_000 }],
};
const authsvc = {
  id: 'checks/16/authsvc',
  load: '16 connections',
  party: 'authsvc',
  unit: 'checks/s',
  against: 'checks/16/bare-fastify',
  samples: [
    { value: 70_000, p99Ms: 0.5 },
    { value: 40_000, p99Ms: 1.5 },
    { value: 60_000, p99Ms: 1 },
  ],
};

describe('the statistics of the benchmark', () => {
  it('take the middle, and what lies between two values in proportion', async () => {
    const { median, percentile } = await load('../support/statistics.mjs');
    expect([median([3, 1, 2]), median([4, 1, 2, 3]), median([])]).toEqual([2, 2.5, Number.NaN]);
    expect([percentile([10, 20], 0), percentile([10, 20], 75), percentile([10, 20], 100)]).toEqual([10, 17.5, 20]);
  });

  it('compare what stood next to each other in a round', async () => {
    const { ratio } = await load('../support/statistics.mjs');
    // By their medians alone, the first would be half as fast.
    expect(ratio([50, 100, 30], [100, 100, 30])).toBe(1);
  });
});

describe('the rounds of the benchmark', () => {
  it('give every party a turn, and begin with another one each time', async () => {
    const { alternate } = await load('rounds.mjs');
    const turns: string[] = [];
    const contest = (...ids: string[]) => ({
      rows: ids.map((id) => ({ id })),
      measure: async () => {
        turns.push(ids.join('+'));
        return ids.map((_, index) => ({ value: turns.length * 10 + index }));
      },
    });
    expect(await alternate([contest('a'), contest('b', 'c')], 2)).toEqual([
      { id: 'a', samples: [{ value: 10 }, { value: 40 }] },
      { id: 'b', samples: [{ value: 20 }, { value: 30 }] },
      { id: 'c', samples: [{ value: 21 }, { value: 31 }] },
    ]);
    expect(turns).toEqual(['a', 'b+c', 'b+c', 'a']);
  });
});

describe('the tables of the benchmark', () => {
  it('show medians and ratios', async () => {
    const { resultTable } = await load('table.mjs');
    const [head, , title, ...lines] = resultTable([{ title: 'Session checks', rows: [fastify, authsvc] }]).split('\n');
    expect(head?.trim().split(/ {2,}/)).toEqual(['party', 'median', 'p50', 'p99', 'slowest', '503', 'failed', 'ratio']);
    expect(title).toBe('Session checks');
    expect(lines.map((line) => line.trim().split(/ {2,}/))).toEqual([
      ['16 connections', 'bare Fastify', '80,000', 'checks/s'],
      ['16 connections', 'authsvc', '60,000', 'checks/s', '1.00 ms', '0.75 × bare Fastify, 16 connections'],
    ]);
  });

  it('judge what was measured, and leave out what was not', async () => {
    const { judgeTargets } = await load('targets.mjs');
    expect(judgeTargets([fastify, authsvc])).toEqual([
      { what: 'GET /profile, 16 connections, × bare Fastify', target: '≥ 0.75', measured: 0.75, met: true },
    ]);
    const slower = { ...authsvc, samples: authsvc.samples.map(({ value }) => ({ value: value / 2 })) };
    expect(judgeTargets([fastify, slower])).toMatchObject([{ measured: 0.375, met: false }]);
    const answers = [0, 0, 1].map((failed) => ({ value: 9, failed, slowestMs: 2000 + 500 * failed }));
    expect(judgeTargets([{ ...authsvc, id: 'overload/patient', samples: answers }])).toMatchObject([
      { what: '200 logins in flight: neither 200 nor 503', measured: 1, met: false },
      { what: '200 logins in flight: slowest answer', measured: 2500, met: true },
    ]);
  });
});

describe('the chart of the benchmark', () => {
  it('draws what was measured, to scale, for light and dark pages', async () => {
    const { drawChart } = await load('chart.mjs');
    const machine = { cores: 2, cpu: 'One <of> these & those', node: 'v20.19.0' };
    const svg = drawChart({ machine, load: 'wrk', rounds: 5, scenarios: [{ rows: [fastify, authsvc] }] });
    const lengthOf = (kind: string) => Number(new RegExp(`<rect class="${kind}" .*width="([\\d.]+)"`).exec(svg)?.[1]);
    expect(lengthOf('ours') / lengthOf('ceiling')).toBeCloseTo(0.75, 3);
    expect(svg).toContain('prefers-color-scheme: dark');
    expect(svg).toContain('One &lt;of> these &amp; those');
    expect(svg).not.toMatch(/NaN|undefined/);
  });
});

describe('docs/bench.json', () => {
  it('is what the chart and docs/benchmarks.md show; npm run write:bench writes them', async () => {
    const read = (file: string) => readFile(join(root, 'docs', file), 'utf8');
    const results = JSON.parse(await read('bench.json'));
    const { drawChart } = await load('chart.mjs');
    const { summary } = await load('summary.mjs');
    expect(await read('bench.svg')).toBe(drawChart(results));
    const [, block] = /<!-- bench -->\n([\s\S]*?)\n<!-- \/bench -->/.exec(await read('benchmarks.md')) ?? [];
    expect(block).toBe(summary(results));
  });

  it('leaves out of the table what was not measured, and says what failed', async () => {
    const { summary } = await load('summary.mjs');
    const row = (id: string, sample: object) => ({ id, samples: [{ value: 10, ...sample }] });
    const rows = [row('overload/patient', { failed: 3, slowestMs: 1234 }), row('overload/raw-bcrypt', {})];
    const machine = { cores: 2, cpu: 'a', node: 'v20.19.0' };
    const [, , , ...table] = summary({ machine, rounds: 5, scenarios: [{ rows }] }).split('\n');
    expect(table).toEqual([
      '|---|---|',
      '| 200 logins in flight, by clients that wait as `Retry-After` asks | 1.00 of raw bcrypt; 3 answers were neither 200 nor 503, the slowest after 1.2 s |',
    ]);
  });
});

describe('npm run bench', () => {
  it('runs a scenario, prints its table and writes every figure', async ({ home }) => {
    const file = join(home, 'results.json');
    const args = [main, '--quick', '--only', 'start-up', '--json', file];
    const { stdout } = await promisify(execFile)(process.execPath, args);
    expect(stdout).toMatch(/serve +authsvc +[\d.,]+ +ms +[\d.]+ × bare node, node -e 0/);
    expect(JSON.parse(await readFile(file, 'utf8'))).toMatchObject({
      quick: true,
      rounds: 1,
      scenarios: [
        {
          name: 'start-up',
          rows: [
            { id: 'start-up/bare-node', samples: [{ value: expect.any(Number) }] },
            { id: 'start-up/authsvc', samples: [{ value: expect.any(Number) }] },
          ],
        },
      ],
      targets: [{ what: 'ready after start × bare node', target: '≤ 8', measured: expect.any(Number) }],
    });
  });

  it('names its scenarios to who asks for another', async () => {
    const run = promisify(execFile)(process.execPath, [main, '--only', 'all']);
    await expect(run).rejects.toMatchObject({
      code: 2,
      stdout: '',
      stderr: expect.stringMatching(
        /^--only all: the scenarios are checks, whoami, pages, logins, registration, storm, flood, overload, scale, start-up, command-line, metrics, postgres\n/,
      ),
    });
  });
});

describe('npm run bench:timing', () => {
  it.each([
    ['compares failed logins of known and unknown emails, and judges the difference', [], 'known'],
    ['does so by page', ['--page'], 'known'],
    ['does so of registrations where addresses must be proven', ['--of', 'registration'], 'known'],
    ['does so of emails whose proof is pending', ['--of', 'registration', '--among', 'pending'], 'pending'],
    ['does so of accounts that are disabled', ['--among', 'disabled'], 'disabled'],
  ])('%s', async (_what, options, holder) => {
    const timing = join(root, 'e2e', 'bench', 'timing.mjs');
    const run = promisify(execFile)(process.execPath, [timing, '--pairs', '4', ...options]);
    // Of four pairs on a busy machine, either may be the slower one.
    const { stdout } = await run.catch((error: { stdout: string }) => error);
    const figures = '( +[\\d.]+ ms){3}\n';
    expect(stdout).toMatch(new RegExp(`^${holder} email${figures}unknown email${figures}`, 'm'));
    expect(stdout).toMatch(/ranks of \w+ from unknown: [\d.]+ standard deviations; target under 2\.6: (met|missed)\n/);
    expect(stdout).toMatch(/difference of the medians -?[\d.]+ ms; target under 1 ms: (met|missed)\n$/);
  });
});
