import { spawnSync } from 'node:child_process';

/**
 * Compare the running Node with `engines.node`, which is always `>=major.minor` here.
 *
 * @param {string} running as in `process.versions.node`
 * @param {string} required as in package.json, `>=20.19`
 * @returns {string | undefined} why this Node is refused; undefined when it is supported
 */
export function nodeProblem(running, required) {
  const [major = 0, minor = 0] = numbers(running);
  const [leastMajor = 0, leastMinor = 0] = numbers(required);
  if (major > leastMajor || (major === leastMajor && minor >= leastMinor)) return undefined;
  return `Node ${running} is too old: authsvc needs Node ${leastMajor}.${leastMinor} or newer (https://nodejs.org/en/download)`;
}

/**
 * Find the tools that compile the SQLite driver, which ships without binaries.
 *
 * @param {NodeJS.ProcessEnv} env whose PATH is searched, and whose CXX, MAKE and PYTHON go first
 * @returns {string | undefined} what is missing and how to install it; undefined when all is there
 */
export function compilerProblem(env) {
  // Microsoft's build tools are not on the PATH: there, the build itself reports what is missing.
  if (process.platform === 'win32') return undefined;
  const tools = {
    'a C++ compiler': [env.CXX, 'c++', 'g++', 'clang++'],
    make: [env.MAKE, 'make', 'gmake'],
    'Python 3': [env.PYTHON, 'python3', 'python'],
  };
  const missing = Object.entries(tools).filter(
    ([, commands]) => !commands.some((command) => command && answers(command, env)),
  );
  if (missing.length === 0) return undefined;
  return [
    `Missing on this machine: ${missing.map(([name]) => name).join(', ')}. The database driver is compiled at install.`,
    '  Debian, Ubuntu: apt-get install build-essential python3 · Fedora: dnf install gcc-c++ make python3 · macOS: xcode-select --install',
  ].join('\n');
}

/** @param {string} text */
function numbers(text) {
  return (text.match(/\d+/g) ?? []).map(Number);
}

/**
 * @param {string} command
 * @param {NodeJS.ProcessEnv} env
 */
function answers(command, env) {
  return spawnSync(command, ['--version'], { env, stdio: 'ignore' }).status === 0;
}
