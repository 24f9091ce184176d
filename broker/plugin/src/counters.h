/* Everything that is published under $SYS/broker/egiz/. */
#ifndef GUARD_COUNTERS_H
#define GUARD_COUNTERS_H

#include "family.h"

#include <stdbool.h>
#include <stdint.h>

struct counters {
    uint64_t connects;
    uint64_t disconnects;
    uint64_t takeovers;
    uint64_t closed_before_login;
    uint64_t auth_failures; /* refused logins, whatever the reason */
    uint64_t client_ids_refused;
    uint64_t denied_publish;
    uint64_t denied_delivery;
    uint64_t denied_subscribe;
    uint64_t rate_limited;
    uint64_t reloads;
    uint64_t reloads_failed;
    struct families families;
    uint64_t published[FAMILIES]; /* messages at the last publication */
    uint64_t published_at;        /* ns, 0: never */
};

/* What is not counted but looked up when it is published. */
struct gauges {
    uint64_t connected;
    uint64_t audit_written;
    uint64_t audit_dropped;
    uint64_t acl_accounts;
    uint64_t acl_rules;
    bool denying_all;
};

/* Publishes all of them, retained, QoS 0. `now` is ns, monotonic. */
void counters_publish(struct counters *counters, const struct gauges *gauges, uint64_t now);

#endif
