import { pathToFileURL } from 'node:url';
import { failWith, readText, root, rootPackage } from './root.mjs';
import { runQuietly } from './step.mjs';

/** @typedef {import('./test.mjs').Outcome} Outcome */
/** @typedef {{ severity: string, module_name: string, title: string, url: string }} Advisory */

/** Unmaintained packages, with the version that was reviewed last. */
const unmaintained = {
  sqlite3: { version: '6.0.1', manifest: 'packages/core/package.json' },
  keytar: { version: '7.9.0', manifest: 'packages/cli/package.json' },
};
const unanswered = 'The dependency audit did not run: the registry could not be asked for advisories';
const decision = 'docs/adr/0002-sqlite3-and-keytar-behind-one-file.md';

/** Less severe advisories are reported, and fail nothing. */
const failingSeverities = ['moderate', 'high', 'critical'];

/**
 * Ask the registry for advisories about production dependencies, and check the unmaintained ones.
 *
 * A registry that cannot be reached is reported and fails nothing: whether a commit passes must not
 * depend on the network.
 *
 * @returns {Promise<Outcome>}
 */
export async function audit() {
  const watched = watchedPackages((manifest) => JSON.parse(readText(manifest)), readText('pnpm-lock.yaml'));
  const patience = ['--config.fetch-retries=0', '--config.fetch-timeout=20000'];
  const args = ['-y', rootPackage.packageManager, 'audit', '--prod', '--json', ...patience];
  const { log } = await runQuietly('npx', args, { cwd: root });
  const known = advisories(log);
  const problems = [...watched.problems, ...known.problems];
  return {
    passed: problems.length === 0 ? 1 : 0,
    failed: problems.length,
    skipped: [],
    log: problems.join('\n'),
    notices: [...watched.notices, ...known.notices],
  };
}

/**
 * @param {string} log what `pnpm audit --json` printed, warnings of npm included
 * @returns {{ problems: string[], notices: string[] }}
 */
export function advisories(log) {
  /** @type {{ advisories?: Record<string, Advisory> }} */
  let answer;
  try {
    answer = JSON.parse(log.slice(log.indexOf('{'), log.lastIndexOf('}') + 1));
  } catch {
    answer = {};
  }
  if (!answer.advisories) {
    return { problems: [], notices: [unanswered] };
  }
  const found = Object.values(answer.advisories).map(({ severity, module_name, title, url }) => ({
    fails: failingSeverities.includes(severity),
    text: `${module_name} (${severity}): ${title}, ${url}`,
  }));
  return {
    problems: found.filter(({ fails }) => fails).map(({ text }) => text),
    notices: found.filter(({ fails }) => !fails).map(({ text }) => text),
  };
}

/**
 * @typedef {Record<string, string>} Versions
 * @typedef {{ dependencies?: Versions, optionalDependencies?: Versions }} Manifest
 * @param {(file: string) => Manifest} readManifest
 * @param {string} lockfile
 * @returns {{ problems: string[], notices: string[] }}
 */
export function watchedPackages(readManifest, lockfile) {
  /** @type {string[]} */
  const problems = [];
  for (const [name, { version, manifest }] of Object.entries(unmaintained)) {
    const { dependencies = {}, optionalDependencies = {} } = readManifest(manifest);
    const used = dependencies[name] ?? optionalDependencies[name];
    if (used === version) continue;
    problems.push(
      used === undefined
        ? `${name} is watched as unmaintained and no longer used: take it off the list in scripts/audit.mjs`
        : `${name} is ${used}, and ${version} was looked at last: read what changed, then say so in scripts/audit.mjs and ${decision}`,
    );
  }
  for (const [, name] of lockfile.matchAll(/^ {2}'?(@?[^@'\s]+)@[^\n]*:\n(?: {4}[^\n]*\n)*? {4}deprecated:/gm)) {
    if (name && !Object.hasOwn(unmaintained, name)) problems.push(`${name} is deprecated by its authors`);
  }
  const names = Object.entries(unmaintained).map(([name, { version }]) => `${name} ${version}`);
  return { problems, notices: [`Watched: ${names.join(' and ')} are unmaintained; ${decision}`] };
}

// By itself it fails without an answer: that is all it is run for.
if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const { log, notices = [] } = await audit();
  for (const notice of notices) console.log(`! ${notice}`);
  failWith([log, ...notices.filter((notice) => notice === unanswered)].filter((text) => text !== ''));
}
