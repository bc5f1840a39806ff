import { resolve } from 'node:path';
import type { Context } from '../context.ts';

/** The settings of an environment, as a unit takes them over. */
export interface CarriedSettings {
  readonly carried: Readonly<Record<string, string>>;
  /** What is set and not carried over, with what to do about it. */
  readonly left: readonly { readonly name: string; readonly why: string }[];
}

/** What a connection to PostgreSQL also depends on. */
const POSTGRES_VARIABLES = ['PGUSER', 'PGPASSWORD'];
const PATHS = ['AUTHSVC_DATA_DIR', 'AUTHSVC_MAIL_DIR'];

/**
 * Sorts what is set in an environment into what a unit may hold, which everyone can read, and what
 * it may not.
 */
export async function carrySettings({ env }: Pick<Context, 'env'>): Promise<CarriedSettings> {
  const { settings } = await import('@authsvc/server');
  const { resolveDataFolder } = await import('@authsvc/client/folders');
  const byName = new Map(Object.values(settings).map((one) => [one.name as string, 'secret' in one]));
  const carried: Record<string, string> = {};
  const left: { name: string; why: string }[] = [];

  // systemd does not know where this shell keeps its data.
  const { HOME } = env;
  const dataFolder = resolveDataFolder(env);
  if (dataFolder !== resolveDataFolder({ HOME })) carried.AUTHSVC_DATA_DIR = dataFolder;

  for (const [name, value] of Object.entries(env).sort(([one], [other]) => (one < other ? -1 : 1))) {
    if (!value || !name.startsWith('AUTHSVC_') || name === 'AUTHSVC_DATA_DIR') continue;
    const setting = name.replace(/_FILE$/, '');
    if (name !== setting && byName.get(setting)) carried[name] = resolve(value);
    else if (!byName.has(name)) left.push({ name, why: 'is no setting of the service' });
    else if (byName.get(name) && holdsSecret(value)) left.push({ name, why: secretRemedy(name) });
    else carried[name] = asUnitHasIt(name, value);
  }
  if (/^postgres/.test(env.AUTHSVC_DATABASE_URL ?? '') || env.AUTHSVC_DATABASE_URL_FILE) {
    for (const name of POSTGRES_VARIABLES) if (env[name]) left.push({ name, why: 'goes into the file below' });
  }
  return { carried, left };
}

function secretRemedy(name: string): string {
  return `holds a secret: put it into a file of mode 600, set ${name}_FILE to its path, and install again`;
}

/** Whether a URL holds a password, by itself or in its query; what is no URL may be anything. */
function holdsSecret(value: string): boolean {
  if (value.startsWith('sqlite:')) return false;
  if (!URL.canParse(value)) return true;
  const { password, searchParams } = new URL(value);
  return password !== '' || searchParams.has('password');
}

/** systemd starts the service in another folder. */
function asUnitHasIt(name: string, value: string): string {
  if (PATHS.includes(name)) return resolve(value);
  const [, file] = /^sqlite:([^:].*)$/.exec(name === 'AUTHSVC_DATABASE_URL' ? value : '') ?? [];
  return file === undefined ? value : `sqlite:${resolve(file)}`;
}
