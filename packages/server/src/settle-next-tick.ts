/** As many as V8 needs to see, to take it for worth optimizing. */
const CALLS = 8000;

/**
 * Has V8 optimize `process.nextTick` before anything else. Every answer calls it several times, and it makes an object with computed keys: when the first numbers in there
 * vary before V8 has made up its mind, each further call defines these keys the slow way, for as long as the process lives, and a session check costs a quarter more.
 * `npm run bench -- --only checks` shows it.
 */
export function settleNextTick(): void {
  for (let call = 0; call < CALLS; call += 1) process.nextTick(doNothing);
}

function doNothing(): void {
  // It is the call that counts.
}
