/* A token bucket without tokens: it keeps the moment at which the bucket will
 * be full again, so a message costs one comparison and no division. */
#ifndef GUARD_BUCKET_H
#define GUARD_BUCKET_H

#include <stdbool.h>
#include <stdint.h>

struct bucket {
    uint64_t full_at;  /* ns */
    uint64_t interval; /* ns per message; 0: no limit */
    uint64_t depth;    /* ns: burst * interval */
};

/* `rate` messages per second, 0 for no limit; `burst` at least 1. A bucket
 * keeps its fill when its limits change. */
void bucket_limit(struct bucket *bucket, uint32_t rate, uint32_t burst);

/* True when the message at `now` (ns, monotonic) is within the limit. */
static inline bool bucket_take(struct bucket *bucket, uint64_t now) {
    if (bucket->interval == 0) return true;
    uint64_t start = bucket->full_at > now ? bucket->full_at : now;
    if (start + bucket->interval > now + bucket->depth) return false;
    bucket->full_at = start + bucket->interval;
    return true;
}

#endif
