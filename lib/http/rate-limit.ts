import { EgizError } from '../errors/egiz-error';

interface Bucket {
  tokens: number;
  at: number;
}

/** Tenants remembered at most; an idle bucket is full again anyway. */
const MAX_BUCKETS = 10_000;

/** A token bucket per tenant: a burst of two seconds' worth, then the given rate. */
export class RateLimit {
  readonly #perSecond: number;
  readonly #burst: number;
  readonly #clock: () => number;
  readonly #buckets = new Map<string, Bucket>();

  /** @param perSecond requests per second and tenant; 0 turns the limit off */
  constructor(perSecond: number, clock: () => number) {
    this.#perSecond = perSecond;
    this.#burst = Math.max(1, perSecond * 2);
    this.#clock = clock;
  }

  /** @throws EgizError `TOO_MANY_REQUESTS` */
  take(tenantId: string): void {
    if (this.#perSecond <= 0) return;
    const now = this.#clock();
    const bucket = this.#buckets.get(tenantId) ?? { tokens: this.#burst, at: now };
    bucket.tokens = Math.min(this.#burst, bucket.tokens + ((now - bucket.at) / 1000) * this.#perSecond);
    bucket.at = now;
    this.#buckets.set(tenantId, bucket);
    if (this.#buckets.size > MAX_BUCKETS) this.#buckets.clear();
    if (bucket.tokens < 1) {
      throw new EgizError(
        'TOO_MANY_REQUESTS',
        `The tenant sends more than ${this.#perSecond} requests a second`,
        {
          mend: 'Wait as long as Retry-After says.',
        },
      );
    }
    bucket.tokens -= 1;
  }
}
