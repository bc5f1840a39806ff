/** What was done to the service, and what must be there because of it. */
export class Tally {
  /** Requests, by what they were. */
  readonly done = new Map<string, number>();
  /** Events that must have been recorded, by type. */
  readonly events = new Map<string, number>();
  /** Answers that nothing explains. */
  readonly unexpected: string[] = [];
  accounts = 0;
  operations = 0;
  /** Requests that the hashers had no room for, and that were sent again. */
  sentAway = 0;
  /** Requests that the database had no time for, and that were sent again. */
  unavailable = 0;
  /**
   * Tries of sessions that had expired. Such a try records the session's end, unless housekeeping
   * deleted it before, which records nothing.
   */
  expiredTried = 0;

  count(act: string): void {
    this.operations += 1;
    this.done.set(act, (this.done.get(act) ?? 0) + 1);
  }

  expect(event: string): void {
    this.events.set(event, (this.events.get(event) ?? 0) + 1);
  }
}
