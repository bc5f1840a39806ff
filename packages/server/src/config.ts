import { BlockList, isIP } from 'node:net';
import { join, resolve } from 'node:path';
import { resolveDataFolder } from './data-folder.ts';
import { type Environment, oneOf, quote, type Setting, SettingProblem, wholeNumber } from './setting.ts';

const YEAR_SECONDS = 31_536_000;
const DATABASE_FILE = 'authsvc.db';

/** Every setting of the daemon, by the name it has in {@link Config}; the README's table says the same. */
export const settings = {
  listenHost: {
    name: 'AUTHSVC_LISTEN_HOST',
    defaultText: '127.0.0.1',
    description: 'Address to listen on: a loopback address, or `localhost` for 127.0.0.1.',
    read: readLoopbackHost,
  },
  listenPort: {
    name: 'AUTHSVC_LISTEN_PORT',
    defaultText: '4100',
    description: 'Port to listen on; 0 picks a free one.',
    read: wholeNumber(0, 65_535),
  },
  dataFolder: {
    name: 'AUTHSVC_DATA_DIR',
    defaultText: '~/.local/share/authsvc',
    description: 'Folder of everything the daemon keeps. The default follows `XDG_DATA_HOME` and the platform.',
    read: (_text, env) => resolveDataFolder(env),
    readDefault: (env) => resolveDataFolder(env),
  },
  databasePath: {
    name: 'AUTHSVC_DATABASE_URL',
    defaultText: 'sqlite:<data folder>/authsvc.db',
    description: 'The database: `sqlite:<path>`.',
    read: readSqlitePath,
    readDefault: (env) => join(resolveDataFolder(env), DATABASE_FILE),
  },
  bcryptCost: {
    name: 'AUTHSVC_BCRYPT_COST',
    defaultText: '12',
    description: 'bcrypt cost of new password hashes, 10 to 15. A login raises an older hash to it.',
    read: wholeNumber(10, 15),
  },
  passwordMinLength: {
    name: 'AUTHSVC_PASSWORD_MIN_LENGTH',
    defaultText: '8',
    description: 'Fewest characters of a new password, 1 to 64.',
    read: wholeNumber(1, 64),
  },
  sessionIdleSeconds: {
    name: 'AUTHSVC_SESSION_IDLE_SECONDS',
    defaultText: '604800',
    description: 'A session ends after so many seconds without use; 7 days.',
    read: wholeNumber(1, YEAR_SECONDS),
  },
  sessionLifetimeSeconds: {
    name: 'AUTHSVC_SESSION_LIFETIME_SECONDS',
    defaultText: '2592000',
    description: 'A session ends so many seconds after login, used or not; 30 days.',
    read: wholeNumber(1, YEAR_SECONDS),
  },
  resetTokenSeconds: {
    name: 'AUTHSVC_RESET_TOKEN_SECONDS',
    defaultText: '600',
    description: 'A reset token is good for so many seconds, at most a day; 10 minutes.',
    read: wholeNumber(1, 86_400),
  },
  logLevel: {
    name: 'AUTHSVC_LOG_LEVEL',
    defaultText: 'info',
    description: 'Least level that is logged: `trace`, `debug`, `info`, `warn`, `error`, `fatal`, or `silent`.',
    read: oneOf('trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'),
  },
} as const satisfies Record<string, Setting<unknown>>;

type SettingValues = { readonly [Key in keyof typeof settings]: ReturnType<(typeof settings)[Key]['read']> };

/** What the daemon was told, checked. Paths are absolute. */
export interface Config extends SettingValues {
  /** Whether `dataFolder` was chosen by nobody, so that the folders above it may be made as well. */
  readonly isDefaultDataFolder: boolean;
  /** Sentences about what is allowed, and probably a mistake. */
  readonly warnings: readonly string[];
}

/** Settings that cannot be obeyed: all of them, a sentence each. None repeats a value that may hold a secret. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
  readonly problems: readonly string[];

  constructor(problems: readonly string[]) {
    super(problems.join('\n'));
    this.problems = problems;
  }
}

/** Settings of the command line, which shares the environment. */
const COMMAND_LINE_SETTINGS = ['AUTHSVC_URL', 'AUTHSVC_SESSION', 'AUTHSVC_STORAGE'];

/**
 * Reads the settings from environment variables; an empty one counts as absent.
 *
 * @throws {@link ConfigError} with every problem at once.
 */
export function loadConfig(env: Environment): Config {
  const problems: string[] = [];
  const values: Record<string, unknown> = {};
  for (const [key, setting] of Object.entries<Setting<unknown>>(settings)) {
    try {
      values[key] = readSetting(setting, env);
    } catch (error) {
      if (!(error instanceof SettingProblem)) throw error;
      problems.push(`${setting.name} ${error.message}`);
    }
  }
  if (problems.length > 0) throw new ConfigError(problems);
  return {
    ...(values as SettingValues),
    isDefaultDataFolder: !env.AUTHSVC_DATA_DIR,
    warnings: unknownSettings(env).map((name) => `${name} is not a setting of authsvc, and has no effect`),
  };
}

function readSetting<Value>({ name, defaultText, read, readDefault }: Setting<Value>, env: Environment): Value {
  const text = env[name];
  if (text) return read(text, env);
  return readDefault ? readDefault(env) : read(defaultText, env);
}

function unknownSettings(env: Environment): string[] {
  const known = new Set<string>([...Object.values(settings).map(({ name }) => name), ...COMMAND_LINE_SETTINGS]);
  return Object.keys(env)
    .filter((name) => name.startsWith('AUTHSVC_') && !known.has(name))
    .sort();
}

function readLoopbackHost(text: string): string {
  if (text === 'localhost') return '127.0.0.1';
  const loopback = new BlockList();
  loopback.addSubnet('127.0.0.0', 8, 'ipv4');
  loopback.addAddress('::1', 'ipv6');
  const family = isIP(text);
  if (family !== 0 && loopback.check(text, family === 4 ? 'ipv4' : 'ipv6')) return text;
  throw new SettingProblem(
    `must be a loopback address (127.0.0.1, ::1 or localhost), not ${quote(text)}: authsvc serves this machine alone`,
  );
}

function readSqlitePath(text: string): string {
  // The text is not repeated: the address of another kind of database may hold a password.
  const [, path] = /^sqlite:(.+)$/.exec(text) ?? [];
  if (path === undefined) throw new SettingProblem('must be sqlite:<path of a file>');
  if (path.startsWith(':'))
    throw new SettingProblem('must name a file: a database in memory would forget every account');
  return resolve(path);
}
