#include "guard.h"

#include <stdlib.h>
#include <string.h>

#define SECOND 1000000000u
/* A login that has no outcome after this long will have none. */
#define LOGIN_TIME (60u * (uint64_t)SECOND)

static struct client *next_banned(const struct clients *clients) {
    for (size_t i = 0; i < clients->capacity; i++) {
        struct client *client = clients->slots[i];
        if (client != NULL && client->state == CLIENT_BANNED) return client;
    }
    return NULL;
}

/* Not from within the client's own event: that would free it under the
 * broker's hands. */
static void kick_banned(struct guard *guard) {
    while (guard->to_kick > 0) {
        struct client *client = next_banned(&guard->clients);
        if (client == NULL) break;
        guard->to_kick--;
        client->state = CLIENT_KICKED;
        /* The entry goes with the disconnect that this causes. */
        char *id = strdup(client->id);
        if (id == NULL) return;
        mosquitto_kick_client_by_clientid(id, false);
        free(id);
    }
    guard->to_kick = 0;
}

static uint64_t look_through(struct guard *guard, uint64_t now) {
    uint64_t connected = 0;
    size_t i = 0;
    while (i < guard->clients.capacity) {
        struct client *client = guard->clients.slots[i];
        bool in = client != NULL && client->state >= CLIENT_CONNECTED;
        if (in) {
            connected++;
            guard_flush(guard, client, false);
        } else if (client != NULL && now - client->since > LOGIN_TIME) {
            guard_forget(guard, client);
            continue; /* another entry may have moved into this slot */
        }
        i++;
    }
    guard_flush(guard, NULL, false);
    return connected;
}

static void publish(struct guard *guard, uint64_t now) {
    struct gauges gauges = {
        .connected = look_through(guard, now),
        .audit_written = audit_written(&guard->audit),
        .audit_dropped = audit_dropped(&guard->audit),
        .acl_accounts = guard->acl == NULL ? 0 : guard->acl->accounts.count,
        .acl_rules = guard->acl == NULL ? 0 : guard->acl->rule_count,
        .denying_all = guard->deny_all,
    };
    if (guard->options.sys_interval > 0) counters_publish(&guard->counters, &gauges, now);
}

/* What the audit writer cannot tell itself: it has no way to the broker's log. */
static void watch_audit(struct guard *guard) {
    if (audit_revive(&guard->audit)) {
        mosquitto_log_printf(MOSQ_LOG_ERR, "guard: the audit writer was gone and is started again");
    }
    bool failing = audit_failing(&guard->audit);
    if (failing == guard->audit_was_failing) return;
    guard->audit_was_failing = failing;
    mosquitto_log_printf(failing ? MOSQ_LOG_ERR : MOSQ_LOG_NOTICE, "guard: %s %s",
                         guard->options.audit_file,
                         failing ? "cannot be written: audit events are lost" : "is written again");
}

void guard_on_tick(struct guard *guard) {
    guard_settle(guard);
    guard->reloading = false;
    guard->newest = NULL;
    kick_banned(guard);
    uint64_t now = guard_now();
    if (now >= guard->next_watch) {
        guard->next_watch = now + SECOND;
        watch_audit(guard);
    }
    if (now < guard->next_publication) return;
    uint32_t interval = guard->options.sys_interval;
    guard->next_publication = now + (uint64_t)(interval > 0 ? interval : 10) * SECOND;
    publish(guard, now);
}
