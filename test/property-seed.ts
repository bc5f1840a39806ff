import { propertyPath, propertySeed } from './property-settings.ts';

/**
 * Gives every property test of a file the requested seed. Most files have no such test, so
 * fast-check is loaded only if there is a seed.
 */
if (propertySeed !== undefined) {
  const { configureGlobal } = await import('fast-check');
  configureGlobal({ seed: propertySeed, ...(propertyPath !== undefined && { path: propertyPath }) });
}
