/** What the alert rules see. Times are milliseconds since the Unix epoch. */
export interface HealthView {
  readonly now: number;
  /** Why there is no connection, and since when. */
  readonly away: { readonly since: number; readonly reason: string } | undefined;
  /** Why the subscription was not granted. */
  readonly refused: string | undefined;
  readonly listeningSince: number | undefined;
  /** When the broker last told its uptime of itself. */
  readonly uptimeAt: number | undefined;
  readonly restartedAt: number | undefined;
  readonly guardAt: { readonly seen: number | undefined; readonly awaitedSince: number };
  readonly figures: Readonly<Record<string, number>>;
  /** Messages that wait for clients. */
  readonly queue: number | undefined;
  readonly clients: { readonly connected: number; readonly highest: number } | undefined;
  gained(counter: string, ms: number): number;
  raised(code: string): boolean;
}
