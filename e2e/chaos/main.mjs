import { root } from '../../scripts/root.mjs';
import { setUp } from '../../scripts/setup.mjs';
import { exitFailed } from '../../scripts/step.mjs';

await setUp().catch(exitFailed);
// Only there once it is installed.
const { createViteServer } = await import('vitest/node');
// The rows are TypeScript, like the tests that run them too; not every Node that is supported reads
// that by itself.
const vite = await createViteServer({
  root,
  configFile: false,
  appType: 'custom',
  logLevel: 'error',
  server: { middlewareMode: true, hmr: false, ws: false, watch: null },
  optimizeDeps: { noDiscovery: true },
});
try {
  const { runChaos } = await vite.ssrLoadModule('/e2e/chaos/run-chaos.ts');
  process.exitCode = await runChaos(process.argv.slice(2));
} finally {
  await vite.close();
}
