import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { pathInClone } from './bundle-plugins.mjs';

/**
 * The name, version and full licence of each bundled package, as their licences require.
 *
 * @param {readonly string[]} modules paths of what was bundled
 */
export function licencesOf(modules) {
  const folders = new Set(
    modules.filter((id) => existsSync(id) && !pathInClone(id).startsWith('packages/')).map(packageFolder),
  );
  const texts = [...folders].map((folder) => {
    const { name, version, license } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
    const file = readdirSync(folder).find((entry) => /^licen[sc]e/i.test(entry));
    return `${name} ${version} (${license})\n\n${file === undefined ? '' : readFileSync(join(folder, file), 'utf8').trim()}\n`;
  });
  return `The bundle beside this file holds code of these packages.\n\n${texts.sort().join(`\n${'-'.repeat(80)}\n\n`)}`;
}

/** @param {string} file */
function packageFolder(file) {
  let folder = dirname(file);
  // Some packages have manifests without a name deeper down.
  while (!isPackage(join(folder, 'package.json'))) folder = dirname(folder);
  return folder;
}

/** @param {string} manifest */
function isPackage(manifest) {
  return existsSync(manifest) && JSON.parse(readFileSync(manifest, 'utf8')).version !== undefined;
}
