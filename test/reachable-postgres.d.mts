export function reachablePostgres(): string;
