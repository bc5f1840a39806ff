import { setInterval as every } from 'node:timers/promises';
import { mustSend } from '../../support/http-client.mjs';
import { median } from '../../support/statistics.mjs';

const SETTLE_MS = 200;
/** How many samples in a row must agree before the number of open files counts as settled. */
const STEADY_LOOKS = 8;

/** What the service tells of itself at one moment. */
export interface Sample {
  readonly residentMb: number;
  readonly files: number;
}

export async function takeSample(control: string): Promise<Sample> {
  const { text } = await mustSend(control, 'GET /metrics');
  const figure = (name: string) => Number(new RegExp(`^${name} (\\S+)$`, 'm').exec(text)?.[1]);
  return {
    residentMb: figure('process_resident_memory_bytes') / 1e6,
    files: figure('process_open_fds'),
  };
}

/** The median of the resident memory in many samples. */
export function residentMb(samples: readonly Sample[]): number {
  return median(samples.map((sample) => sample.residentMb));
}

/** Wait until the idle service no longer opens or closes files. */
export async function settledFiles(control: string): Promise<number> {
  const looks: number[] = [];
  for await (const _ of every(SETTLE_MS)) {
    looks.push((await takeSample(control)).files);
    const last = looks.slice(-STEADY_LOOKS);
    if (last.length === STEADY_LOOKS && new Set(last).size === 1) break;
  }
  return looks.at(-1) ?? Number.NaN;
}
