import { readdirSync, readFileSync } from 'node:fs';

const BETWEEN_LOOKS_MS = 10;

export interface ArgumentsWatch {
  /** Ends the watch. @returns the command line of every process that was seen, arguments separated by spaces; nothing where there is no /proc. */
  stop(): ReadonlySet<string>;
}

/** Looks again and again at what every user of this machine can see: the arguments of all processes. */
export function watchArguments(): ArgumentsWatch {
  const seen = new Set<string>();
  const look = () => {
    for (const pid of readdirSync('/proc')) {
      if (!/^\d+$/.test(pid)) continue;
      try {
        seen.add(readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ').trim());
      } catch {
        // It has just ended.
      }
    }
  };
  const timer = process.platform === 'linux' ? setInterval(look, BETWEEN_LOOKS_MS) : undefined;
  return {
    stop: () => {
      clearInterval(timer);
      return seen;
    },
  };
}
