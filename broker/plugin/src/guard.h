/* The guard's state and what its parts ask of each other. Everything here
 * runs in the broker; only audit_writer.c and audit_log.c run beside it. */
#ifndef GUARD_GUARD_H
#define GUARD_GUARD_H

#include "accounts.h"
#include "acl.h"
#include "audit.h"
#include "audit_log.h"
#include "broker_api.h"
#include "client.h"
#include "counters.h"
#include "options.h"

struct guard {
    struct options options;
    mosquitto_plugin_id_t *identifier;
    bool tells_connects; /* the broker is 2.1: it says when a login succeeded */

    struct acl *acl;
    struct accounts *accounts;
    bool deny_all;       /* the last reload gave no usable rights */
    uint64_t generation; /* of acl and accounts: older answers are void */

    struct clients clients;
    struct client *pending; /* 2.0: logging in, the outcome not yet seen */
    struct client *newest;  /* the last login, until the next tick */
    bool reloading;         /* the broker is asking again about everybody */
    bool clears_ids;        /* this broker takes the id off a refused client */
    unsigned to_kick;

    struct audit audit;
    struct audit_log *log;
    bool audit_was_failing;
    struct throttle strangers[FINDINGS]; /* findings about no known client */
    struct throttle closed_early;
    struct counters counters;
    uint64_t next_watch; /* ns: over the audit writer */
    uint64_t next_publication;
};

/* clock.c: ns, monotonic. The tests have a clock of their own. */
uint64_t guard_now(void);

/* files.c: reads both files. At start a wrong file is an error (false); at a
 * reload wrong rights deny everything and a wrong account file changes
 * nothing, until the next good reload. */
bool guard_load(struct guard *guard);
void guard_reload(struct guard *guard);

/* login.c */
int guard_on_basic_auth(struct guard *guard, struct mosquitto_evt_basic_auth *event);
void guard_on_connect(struct guard *guard, struct mosquitto *client);
void guard_on_disconnect(struct guard *guard, struct mosquitto *client, int reason);

/* Any event but a disconnect shows that the login before it was accepted. */
void guard_settle(struct guard *guard);

/* The entry of a client that is certainly connected; made now if its login
 * was not shown to plugins (certificate listeners on 2.0). NULL without memory. */
struct client *guard_meet(struct guard *guard, struct mosquitto *client);

/* Ends an entry. */
void guard_forget(struct guard *guard, struct client *client);

/* Brings limits and rights up to date with the files. */
void guard_refresh(struct guard *guard, struct client *client);

/* traffic.c */
int guard_on_acl_check(struct guard *guard, struct mosquitto_evt_acl_check *event);
int guard_on_message(struct guard *guard, struct mosquitto_evt_message *event);

/* tick.c */
void guard_on_tick(struct guard *guard);

/* findings.c: one line in the audit log, or one more held back. */
void guard_say(struct guard *guard, const struct client *client, struct audit_event event);
void guard_find(struct guard *guard, struct client *client, enum finding finding,
                const char *topic, const char *reason);
void guard_find_stranger(struct guard *guard, const struct mosquitto *key, enum finding finding,
                         const char *topic, const char *reason);
/* Writes what is still held back about the client (NULL: about strangers). */
void guard_flush(struct guard *guard, struct client *client, bool at_once);

#endif
