/* The connections the guard has seen, found by the broker's client pointer.
 * An entry lives from login (or first sight) to disconnect. */
#ifndef GUARD_CLIENT_H
#define GUARD_CLIENT_H

#include "acl.h"
#include "bucket.h"
#include "throttle.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct mosquitto;

enum client_state {
    CLIENT_PENDING,   /* logging in: the outcome is not known yet */
    CLIENT_REFUSED,   /* told no: the broker is about to close it */
    CLIENT_CONNECTED,
    CLIENT_BANNED,    /* in under a borrowed id: denied everything ... */
    CLIENT_KICKED     /* ... and put out at the next tick */
};

enum finding { FOUND_LIMIT, FOUND_PUBLISH, FOUND_DELIVERY, FOUND_SUBSCRIBE, FINDINGS };

/* What every message asks for comes first, in one cache line. */
struct client {
    const struct mosquitto *key;
    uint64_t generation;
    const struct acl_account *rights; /* valid for `generation` only */
    struct bucket bucket;
    enum client_state state;
    bool by_certificate; /* the guard itself logged it in */
    char *id;

    char *account; /* NULL: nameless */
    char address[64];
    const char *tls; /* static text, NULL: none or not known */
    int protocol;    /* 3, 4 or 5 */
    uint64_t since;  /* ns, monotonic */
    struct throttle throttles[FINDINGS];
};

struct clients {
    struct client **slots;
    size_t capacity; /* a power of two, or 0 */
    size_t count;
    struct client *last; /* a message asks for its client twice in a row */
};

/* NULL when there is none. */
struct client *clients_find(struct clients *clients, const struct mosquitto *key);

/* A new entry with copies of id and account, both may be NULL. NULL when
 * memory is out. The key must not be in the table. */
struct client *clients_add(struct clients *clients, const struct mosquitto *key, const char *id,
                           const char *account);

void clients_remove(struct clients *clients, struct client *client);

void clients_free(struct clients *clients);

#endif
