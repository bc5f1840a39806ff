// Loaded into the service beside its own code: at each SIGUSR2 it collects all garbage and adds the
// bytes that are left in the heap to the file HEAP_FILE.
import { appendFileSync } from 'node:fs';
import { Session } from 'node:inspector';
import { isMainThread } from 'node:worker_threads';

if (isMainThread) {
  const session = new Session();
  session.connect();
  process.on('SIGUSR2', () => {
    session.post('HeapProfiler.collectGarbage', () => {
      appendFileSync(process.env.HEAP_FILE, `${process.memoryUsage().heapUsed}\n`);
    });
  });
}
