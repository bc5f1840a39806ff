import type { Command } from 'commander';
import type { Context } from './context.ts';

interface CommandModule {
  createCommand(context: Context, endWith: (status: number) => void): Command;
}

export interface CommandEntry {
  readonly name: string;
  readonly summary: string;
  /** Called only for the command that is run, or whose help is shown. */
  readonly load: () => Promise<CommandModule>;
  /** Does nothing by itself: it needs one of its own commands, and shows their list without one. */
  readonly isGroup?: true;
}

/** The command that reads all the others. */
export const DESCRIBES_ALL = 'completion';

/** The command that is the service itself. */
export const SERVICE = 'serve';

/** The commands that use the daemon's own folder. */
export const OPERATORS: readonly string[] = [
  'users',
  'audit',
  'backup',
  'restore',
  'upgrade',
  'migrate',
  'daemon',
  'doctor',
];

/** Every command, in the order of the help. */
export const commands: readonly CommandEntry[] = [
  { name: 'register', summary: 'Create an account', load: () => import('./commands/register.ts') },
  {
    name: 'verify',
    summary: 'Confirm your email, with a verification token',
    load: () => import('./commands/verify.ts'),
  },
  {
    name: 'login',
    summary: 'Log in, and keep the session in the system keychain',
    load: () => import('./commands/login.ts'),
  },
  { name: 'logout', summary: 'End the session and forget it', load: () => import('./commands/logout.ts') },
  { name: 'profile', summary: 'Show who is logged in', load: () => import('./commands/profile.ts') },
  { name: 'reset', summary: 'Choose a new password, with a reset token', load: () => import('./commands/reset.ts') },
  {
    name: 'not-me',
    summary: 'Take your account back, with the token of a notice',
    load: () => import('./commands/not-me.ts'),
  },
  {
    name: 'sessions',
    summary: 'List your open sessions and known devices, or end them',
    load: () => import('./commands/sessions.ts'),
  },
  {
    name: 'password',
    summary: 'Change your password',
    load: async () => ({ createCommand: (await import('./commands/account.ts')).createPasswordCommand }),
  },
  {
    name: 'email',
    summary: 'Change your email',
    load: async () => ({ createCommand: (await import('./commands/account.ts')).createEmailCommand }),
  },
  {
    name: 'delete',
    summary: 'Delete your account',
    load: async () => ({ createCommand: (await import('./commands/account.ts')).createDeleteCommand }),
  },
  {
    name: 'mfa',
    summary: 'Show your second factor, or turn it on or off',
    load: () => import('./commands/mfa.ts'),
  },
  { name: 'open', summary: 'Open your account page in the browser', load: () => import('./commands/open.ts') },
  {
    name: 'exec',
    summary: 'Run a command with your session in AUTHSVC_SESSION',
    load: () => import('./commands/exec.ts'),
  },
  {
    name: 'users',
    summary: 'Manage the accounts, as the operator',
    load: () => import('./operator/users.ts'),
    isGroup: true,
  },
  { name: 'audit', summary: 'Show what happened', load: () => import('./operator/audit.ts') },
  {
    name: 'backup',
    summary: 'Copy the database of the running daemon',
    load: async () => ({ createCommand: (await import('./operator/backup.ts')).createBackupCommand }),
  },
  {
    name: 'restore',
    summary: 'Restore the database from a backup',
    load: async () => ({ createCommand: (await import('./operator/backup.ts')).createRestoreCommand }),
  },
  {
    name: 'migrate',
    summary: 'Copy the accounts to a PostgreSQL database',
    load: () => import('./operator/migrate.ts'),
  },
  {
    name: 'upgrade',
    summary: 'Check what a new version will do to the database',
    load: () => import('./operator/upgrade.ts'),
  },
  {
    name: 'daemon',
    summary: 'Run the service in the background',
    load: () => import('./operator/daemon.ts'),
    isGroup: true,
  },
  { name: SERVICE, summary: 'Run the service in the foreground', load: () => import('./operator/serve.ts') },
  { name: 'doctor', summary: 'Look for common problems', load: () => import('./commands/doctor.ts') },
  {
    name: DESCRIBES_ALL,
    summary: 'Print a script that completes commands and options in a shell',
    load: () => import('./commands/completion.ts'),
  },
];
