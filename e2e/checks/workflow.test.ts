import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { root } from '../support/program.ts';

interface Step {
  readonly name?: string;
  readonly uses?: string;
  readonly run?: string;
  readonly with?: Readonly<Record<string, unknown>>;
}

interface Job {
  readonly steps: readonly Step[];
  readonly container?: object;
  readonly strategy?: { readonly matrix: { readonly node: readonly number[] } };
  readonly 'timeout-minutes'?: number;
}

interface Workflow {
  readonly on: Readonly<Record<string, object | null>>;
  readonly permissions: object;
  readonly concurrency: object;
  readonly jobs: Readonly<Record<string, Job>>;
}

/** It has no types of its own. */
const { load } = createRequire(import.meta.url)('js-yaml') as { load(text: string): unknown };

const read = (path: string) => readFileSync(join(root, path), 'utf8');
const folder = '.github/workflows';
const text = read(`${folder}/ci.yml`);
const workflow = load(text) as Workflow;
const jobs = Object.values(workflow.jobs);
const steps = jobs.flatMap((job) => job.steps);

/**
 * What of the syntax is used here.
 *
 * @see https://docs.github.com/actions/reference/workflows-and-actions/workflow-syntax
 */
const known = {
  workflow: ['concurrency', 'jobs', 'name', 'on', 'permissions'],
  on: ['pull_request', 'push', 'schedule'],
  concurrency: ['cancel-in-progress', 'group'],
  job: ['container', 'env', 'if', 'name', 'runs-on', 'steps', 'strategy', 'timeout-minutes'],
  container: ['image', 'options'],
  strategy: ['fail-fast', 'matrix'],
  step: ['name', 'run', 'uses', 'with'],
};
const inputs: Readonly<Record<string, readonly string[]>> = {
  'actions/checkout@v6': ['persist-credentials'],
  'actions/setup-node@v6': ['node-version'],
};

function unknownKeys(value: object | undefined | null, allowed: readonly string[] = []): string[] {
  return Object.keys(value ?? {}).filter((key) => !allowed.includes(key));
}

/** `.ci/run` or `npm run x`: what a step runs of this repository. */
function ownPrograms(run: string): string[] {
  return run.split(/&&|;|\n/).map((command) => command.trim());
}

describe('the workflow of CI', () => {
  it('has only keys that GitHub knows', () => {
    const unknown = [
      ...unknownKeys(workflow, known.workflow),
      ...unknownKeys(workflow.on, known.on),
      ...unknownKeys(workflow.concurrency, known.concurrency),
      ...jobs.flatMap((job) => unknownKeys(job, known.job)),
      ...jobs.flatMap(({ container }) => unknownKeys(container, known.container)),
      ...jobs.flatMap(({ strategy }) => unknownKeys(strategy, known.strategy)),
      ...steps.flatMap((step) => unknownKeys(step, known.step)),
      ...steps.flatMap(({ uses = '', with: given }) => unknownKeys(given, inputs[uses])),
    ];
    expect(unknown).toEqual([]);
    expect(readdirSync(join(root, folder))).toEqual(['ci.yml']);
  });

  it('either runs something or uses an action in each step, and ends each job in time', () => {
    expect(steps.filter(({ run, uses }) => (run === undefined) === (uses === undefined))).toEqual([]);
    expect(jobs.map((job) => (job['timeout-minutes'] ?? 0) > 0)).toEqual(jobs.map(() => true));
  });

  it('reads the repository, changes nothing, and knows no secret', () => {
    expect(workflow.permissions).toEqual({ contents: 'read' });
    expect(text).not.toMatch(/secrets\.|pull_request_target|GITHUB_TOKEN/);
    const checkouts = steps.filter(({ uses }) => uses?.startsWith('actions/checkout@'));
    expect(checkouts.map((step) => step.with)).toEqual(jobs.map(() => ({ 'persist-credentials': false })));
  });

  it('puts nothing that a stranger chose into a shell', () => {
    expect(steps.filter(({ run }) => run?.includes('${{'))).toEqual([]);
  });

  it('runs what is there', () => {
    const { scripts } = JSON.parse(read('package.json')) as { scripts: Record<string, string> };
    const commands = steps.flatMap(({ run }) => (run === undefined ? [] : ownPrograms(run)));
    const system = /^(apt-get|git config) /;
    const missing = commands.filter((command) => {
      const [, script] = /^npm run ([\w:-]+)$/.exec(command) ?? [];
      if (script !== undefined) return scripts[script] === undefined;
      if (!command.startsWith('.')) return !system.test(command);
      return !existsSync(join(root, command)) || (statSync(join(root, command)).mode & 0o111) === 0;
    });
    expect(missing).toEqual([]);
    expect(commands).toEqual(expect.arrayContaining(['.ci/run', 'npm run check:audit']));
  });

  it('tests the versions of Node that are supported, from the one that the packages require', () => {
    const { matrix } = workflow.jobs.test?.strategy ?? {};
    const [, list = ''] = /const supported = \[(.*)\]/.exec(read('scripts/node-versions.mjs')) ?? [];
    expect(matrix).toEqual({ node: list.match(/\d+/g)?.map(Number) });
    const manifests = ['.', ...readdirSync(join(root, 'packages')).map((name) => join('packages', name))];
    const required = manifests.map((path) => JSON.parse(read(join(path, 'package.json'))).engines.node);
    expect([...new Set(required)]).toEqual([expect.stringMatching(new RegExp(`^>=${matrix?.node[0]}\\.`))]);
  });
});
