/** Every table that holds what the service knows, each after those that it refers to. */
export const tables = [
  'users',
  'sessions',
  'reset_tokens',
  'throttles',
  'known_addresses',
  'outbox',
  'events',
] as const;
