import type fc from 'fast-check';
import { expect } from 'vitest';
import { AuthError } from '../errors.ts';
import type { Service } from './service.ts';
import { Refusal, type World } from './world.ts';

/** A command with its details, once it is known what happened before it. */
export interface Step {
  /** The details, as a failed test shows them. */
  readonly said: string;
  /** What the model expects. */
  readonly rule: () => unknown;
  /** What the service does. */
  readonly act: (service: Service) => Promise<unknown>;
}

export type Command = fc.AsyncCommand<World, Service>;

/** A command whose result, or refusal, must be what the rule says. */
export function command(name: string, step: (world: World) => Step): Command {
  let said = '';
  return {
    check: () => true,
    run: async (world, service) => {
      const { said: words, rule, act } = step(world);
      said = words;
      const expected = await outcomeOf(async () => rule());
      expect(await outcomeOf(() => act(service))).toEqual(expected);
    },
    toString: () => `${name}(${said})`,
  };
}

type Outcome = { readonly result: unknown } | { readonly refused: string; readonly seconds: number | undefined };

export async function outcomeOf(work: () => Promise<unknown>): Promise<Outcome> {
  try {
    return { result: await work() };
  } catch (error) {
    if (error instanceof AuthError) return { refused: error.code, seconds: error.retryAfterSeconds };
    if (error instanceof Refusal) return { refused: error.code, seconds: error.seconds };
    throw error;
  }
}

/** How many sessions ended: expired ones may be counted until a check has found them. */
export function between({ open, all }: { open: number; all: number }): unknown {
  return expect.toSatisfy((count: number) => open <= count && count <= all);
}
