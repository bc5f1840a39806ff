import { hashPassword, verifyPassword } from './password-scheme.ts';

export type HashTask =
  | { readonly kind: 'hash'; readonly password: string; readonly cost: number }
  | { readonly kind: 'verify'; readonly password: string; readonly passwordHash: string };

/** Runs in a worker thread, where a synchronous call blocks nobody. */
export default function runHashTask(task: HashTask): string | boolean {
  return task.kind === 'hash'
    ? hashPassword(task.password, task.cost)
    : verifyPassword(task.password, task.passwordHash);
}
