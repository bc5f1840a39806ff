import { readFileSync } from 'node:fs';

/** The version of this package, as its manifest says it. */
export function readVersion(): string {
  return readManifest().version;
}

/** The versions of Node.js that it runs on: `>=20.19`. */
export function readRequiredNode(): string {
  return readManifest().engines.node;
}

function readManifest(): { readonly version: string; readonly engines: { readonly node: string } } {
  return JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'));
}
