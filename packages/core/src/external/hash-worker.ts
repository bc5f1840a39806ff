import { hashPassword, verifyPassword } from './password-scheme.ts';

export type HashTask =
  | { readonly kind: 'hash'; readonly password: string; readonly cost: number }
  | { readonly kind: 'verify'; readonly password: string; readonly passwordHash: string };

/** What came of a task, and how long it took here, in milliseconds. */
export interface TimedResult<Result> {
  readonly result: Result;
  readonly ms: number;
}

/**
 * Run in a worker thread, where a synchronous call blocks no request.
 *
 * Not the default export: when `require` loads a module that has one, Node builds a façade for it,
 * and aborts the process if the thread is terminated meanwhile.
 */
export function runHashTask(task: HashTask): TimedResult<string | boolean> {
  const startedAt = performance.now();
  const result =
    task.kind === 'hash' ? hashPassword(task.password, task.cost) : verifyPassword(task.password, task.passwordHash);
  return { result, ms: performance.now() - startedAt };
}
