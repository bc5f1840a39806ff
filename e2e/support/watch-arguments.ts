import { readdirSync, readFileSync } from 'node:fs';

const BETWEEN_LOOKS_MS = 10;

/**
 * Keeps reading what every user of this machine can see: the arguments of all processes.
 */
export function watchArguments() {
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
    /** Ends the watch, and gives every command line that was seen; none where there is no /proc. */
    stop: (): ReadonlySet<string> => {
      clearInterval(timer);
      return seen;
    },
  };
}

export type ArgumentsWatch = ReturnType<typeof watchArguments>;
