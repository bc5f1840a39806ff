import { availableParallelism } from 'node:os';
import { configDefaults, defineConfig } from 'vitest/config';
import { propertyFactor } from './test/property-settings.ts';

// Journeys hash real passwords and start real processes on what may be a two-core machine.
const journeyMilliseconds = 120_000;
/** A long hunt may take as many times as long. */
const unitMilliseconds = 30_000 * Math.max(1, propertyFactor);
/** npm fetches a hundred packages. */
const installMilliseconds = 600_000;

/** Rules and endpoints, which know nothing of the database that they run on. */
const onEveryDatabase = [
  'packages/core/src/{,accounts/,factors/,sessions/,passwords/,tokens/,throttling/,audit/,mail/}*.test.ts',
  'packages/server/src/http/{bad-requests,server}.test.ts',
  'packages/server/src/routes/*.test.ts',
  'packages/server/src/control/*.test.ts',
];
/** Without a database, or of one that they choose. */
const databaseBound = [
  'packages/core/src/**/{digest,email,guessing,last-used,password-rules,pre-hijacking,races,session,session-cache,statements,system,throttle,totp,uncached-sessions}.test.ts',
  'packages/server/src/routes/{openapi,schemas}.test.ts',
  'packages/server/src/control/{backup,control-socket}.test.ts',
];

/** Every project that starts the programs has their bundle made from what was compiled last. */
const setups = ['scripts/bundle.mjs', 'test/postgres-setup.ts'];

export default defineConfig({
  test: {
    watch: false,
    // Vitest leaves a core to itself, which on a machine of two is half of them.
    maxWorkers: availableParallelism(),
    projects: [
      {
        test: {
          name: 'unit',
          globalSetup: setups,
          setupFiles: 'test/property-seed.ts',
          include: ['packages/*/src/**/*.test.ts'],
          testTimeout: unitMilliseconds,
          hookTimeout: 30_000,
        },
      },
      {
        test: {
          name: 'postgres',
          globalSetup: setups,
          setupFiles: 'test/property-seed.ts',
          env: { AUTHSVC_TEST_DIALECT: 'postgres' },
          include: onEveryDatabase,
          exclude: databaseBound,
          testTimeout: unitMilliseconds,
          hookTimeout: 30_000,
        },
      },
      {
        test: {
          name: 'e2e',
          globalSetup: setups,
          include: ['e2e/**/*.test.ts'],
          exclude: [...configDefaults.exclude, 'e2e/{packed,image}/**', 'e2e/examples/nextjs.test.ts'],
          testTimeout: journeyMilliseconds,
          hookTimeout: journeyMilliseconds,
          maxWorkers: 2,
          sequence: { groupOrder: 1 },
        },
      },
      {
        test: {
          name: 'packed',
          include: ['e2e/packed/*.test.ts'],
          // Each builds what it packs.
          maxWorkers: 1,
          testTimeout: installMilliseconds,
          hookTimeout: installMilliseconds,
          sequence: { groupOrder: 2 },
        },
      },
      {
        // Next.js takes a minute to install and build: `npm run test:nextjs` alone runs it.
        test: {
          name: 'nextjs',
          globalSetup: setups,
          include: ['e2e/examples/nextjs.test.ts'],
          testTimeout: journeyMilliseconds,
          hookTimeout: installMilliseconds,
          sequence: { groupOrder: 3 },
        },
      },
      {
        // An image takes minutes to build: `npm run test:image` alone runs it.
        test: {
          name: 'image',
          include: ['e2e/image/*.test.ts'],
          testTimeout: journeyMilliseconds,
          hookTimeout: installMilliseconds,
          sequence: { groupOrder: 4 },
        },
      },
    ],
  },
});
