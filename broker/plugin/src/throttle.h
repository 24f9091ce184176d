/* Keeps one client's storm of equal findings from filling the audit log: the
 * first is written at once, the rest are counted and written together. */
#ifndef GUARD_THROTTLE_H
#define GUARD_THROTTLE_H

#include <stdbool.h>
#include <stdint.h>

struct throttle {
    uint64_t quiet_until; /* ns */
    uint64_t held;        /* findings counted since the last line */
};

/* Counts one finding. Returns how many to write now, 0 for none. */
static inline uint64_t throttle_hit(struct throttle *t, uint64_t now, uint64_t quiet) {
    t->held++;
    if (now < t->quiet_until) return 0;
    uint64_t count = t->held;
    t->held = 0;
    t->quiet_until = now + quiet;
    return count;
}

/* What is still held and due: at the end of the quiet time, or `at_once`. */
static inline uint64_t throttle_flush(struct throttle *t, uint64_t now, uint64_t quiet, bool at_once) {
    if (t->held == 0 || (!at_once && now < t->quiet_until)) return 0;
    uint64_t count = t->held;
    t->held = 0;
    t->quiet_until = now + quiet;
    return count;
}

#endif
