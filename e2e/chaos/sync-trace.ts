/**
 * The command line of `strace` for {@link readSyncTrace}: all threads in one file, in the order of
 * their calls.
 */
export function straceArguments(file: string): readonly string[] {
  const calls = 'trace=fsync,fdatasync,pwrite64,read,write,writev,sendto,sendmsg';
  // As a grandchild, so that the daemon is the process that was started, and is the one to be asked
  // to stop.
  return ['strace', '-D', '-f', '-ttt', '-y', '-s', '24', '-e', calls, '-e', 'signal=none', '-o', file];
}

const line = /^(?<pid>\d+) +(?<time>[\d.]+) (?<call>.*)$/;
const log = /^(?<name>\w+)\(\d+<[^>]*-wal>/;

/** Reads the trace of a service that wrote for one request at a time. */
export function readSyncTrace(trace: string) {
  const running = new Map<string, { name: string; afterWrite: number }>();
  // Answers of success to requests that write.
  let answers = 0;
  // Those answers that were sent without a write to the log, or before its last write was synced.
  let unsynced = 0;
  // Calls of fsync and fdatasync on the write-ahead log, finished.
  let syncs = 0;
  let isWriting = false;
  // Pages written to the log: how many there were, and how many of them a finished call has put on
  // the disk.
  let written = 0;
  let synced = 0;
  let writtenBefore = 0;
  for (const text of trace.split('\n')) {
    const { pid = '', call = '' } = line.exec(text)?.groups ?? {};
    const resumed = /^<\.\.\. (?:fsync|fdatasync) resumed>.*= 0/.test(call) ? running.get(pid) : undefined;
    const name = log.exec(call)?.groups?.name;
    if (resumed) {
      syncs += 1;
      synced = Math.max(synced, resumed.afterWrite);
      running.delete(pid);
    } else if (name === 'pwrite64') {
      written += 1;
    } else if (name === 'fsync' || name === 'fdatasync') {
      if (call.endsWith('<unfinished ...>')) running.set(pid, { name, afterWrite: written });
      else if (call.endsWith('= 0')) {
        syncs += 1;
        synced = written;
      }
    } else if (/^(<\.\.\. )?read.*"(POST|PUT|DELETE) \//.test(call)) {
      isWriting = true;
      writtenBefore = written;
    } else if (isWriting && /^(write|writev|sendto|sendmsg)\(.*"HTTP\/1\.1 200/.test(call)) {
      isWriting = false;
      answers += 1;
      if (written === writtenBefore || synced < written) unsynced += 1;
    }
  }
  return { answers, unsynced, syncs };
}
