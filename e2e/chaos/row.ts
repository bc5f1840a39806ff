import type { Daemon } from '../support/daemon.ts';
import type { Environment } from '../support/program.ts';

export type Dialect = 'sqlite' | 'postgres';

export type SizeName = 'small' | 'full';

/** One fault that the service must survive, and how that is shown. */
export interface Row<Size extends string = string> {
  /** The name that selects it on the command line, which is that of its file. */
  readonly name: string;
  readonly fault: string;
  readonly dialects: readonly Dialect[];
  /**
   * `small` for every run of the tests, `full` for the table; each size is an option of the command
   * line by its name.
   */
  readonly sizes: Readonly<Record<SizeName, Readonly<Record<Size, number>>>>;
  run(context: RowContext<Size>): Promise<Outcome>;
}

export interface RowContext<Size extends string = string> {
  readonly size: Readonly<Record<Size, number>>;
  readonly dialect: Dialect;
  /** An empty folder for this run alone, removed after it. */
  readonly folder: string;
  /**
   * Starts the service with its home in `folder`. It is stopped after the run, before `folder` is
   * removed.
   */
  serve(settings?: Environment, under?: readonly string[]): Promise<Daemon>;
  /** Reports progress, for those who wait for a long run. */
  log(line: string): void;
  /** Does some work after the run, even if that failed; the last registered work comes first. */
  onEnd(work: () => unknown): void;
}

export interface Outcome {
  /** What was done, and to what. */
  readonly done: string;
  /** How often. */
  readonly times: number;
  /** What was counted and measured. */
  readonly counted: string;
  readonly holds: boolean;
  /** What did not hold. */
  readonly why?: string;
  /** Why the row cannot run on this machine; `holds` is false then. */
  readonly notRun?: string;
}
