/** As many as V8 needs to see, to take it for worth optimizing. */
const CALLS = 8000;

/**
 * Has V8 optimize `process.nextTick` before anything else. Every answer calls it several times, and it makes an object with computed keys, which V8 otherwise came to define
 * the slow way (`Runtime_DefineKeyedOwnPropertyInLiteral` in `perf`) for as long as the process lived: 23,600 session checks a second, against 29,300 with this, on Node 20.
 */
export function settleNextTick(): void {
  for (let call = 0; call < CALLS; call += 1) process.nextTick(doNothing);
}

function doNothing(): void {
  // It is the call that counts.
}
