import { propertyPath, propertySeed } from './property-settings.ts';

/**
 * Gives every property test of a file the seed that was asked for. Most files have none, and are
 * spared the loading.
 */
if (propertySeed !== undefined) {
  const { configureGlobal } = await import('fast-check');
  configureGlobal({ seed: propertySeed, ...(propertyPath !== undefined && { path: propertyPath }) });
}
