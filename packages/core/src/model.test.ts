import fc from 'fast-check';
import { describe, it } from 'vitest';
import { commandsPath, propertyFactor, runs } from '../../../test/property-settings.ts';
import { compareAll } from './model/compare-all.ts';
import { factorCommands } from './model/factor-commands.ts';
import { guestCommands, opening } from './model/guest-commands.ts';
import { choosing, mailCommands, settings } from './model/mail-commands.ts';
import { operatorCommands } from './model/operator-commands.ts';
import { ownerCommands } from './model/owner-commands.ts';
import { openService } from './model/service.ts';
import { sessionCommands } from './model/session-commands.ts';
import { createWorld } from './model/world.ts';

/** On average, a sequence has half as many. */
const MOST_COMMANDS = 60;

/** It computes for some ten seconds, and waits longer if others write to the same disk. */
const TIMEOUT_MS = 300_000 * Math.max(1, propertyFactor);

describe('any sequence of commands', () => {
  it('comes out as the contract says, and leaves what it says', { timeout: TIMEOUT_MS }, async () => {
    const commands = [guestCommands, sessionCommands, factorCommands, ownerCommands, operatorCommands, mailCommands];
    const sequences = fc.commands(commands.flat(), {
      maxCommands: MOST_COMMANDS,
      size: 'max',
      ...(commandsPath !== undefined && { replayPath: commandsPath }),
    });
    await fc.assert(
      fc.asyncProperty(
        fc.nat({ max: 3 }),
        fc.nat({ max: 3 }),
        settings,
        sequences,
        async (accounts, factors, chosen, sequence) => {
          const service = await openService();
          const world = createWorld(service.auth.clock.now());
          try {
            for (const command of [...opening(accounts, factors), choosing(chosen)]) await command.run(world, service);
            await fc.asyncModelRun(() => ({ model: world, real: service }), sequence);
            await compareAll(world, service);
          } finally {
            await service.close();
          }
        },
      ),
      runs(100),
    );
  });
});
