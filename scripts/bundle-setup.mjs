import { bundle } from './bundle.mjs';

/** Before tests, which may be run without the rest of `npm test`: programs start from the bundle, so it is made from what was compiled last. */
export async function setup() {
  await bundle();
}
