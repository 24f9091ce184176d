#include "guard.h"

struct wording {
    const char *event;
    const char *access;
};

static const struct wording wordings[FINDINGS] = {
    [FOUND_LIMIT] = {"rate_limited", NULL},
    [FOUND_PUBLISH] = {"acl_denied", "publish"},
    [FOUND_DELIVERY] = {"acl_denied", "deliver"},
    [FOUND_SUBSCRIBE] = {"acl_denied", "subscribe"},
};

static uint64_t quiet_time(const struct guard *guard) {
    return (uint64_t)guard->options.audit_repeat * 1000000000u;
}

void guard_say(struct guard *guard, const struct client *client, struct audit_event event) {
    if (client != NULL) {
        event.account = client->account;
        event.client_id = client->id;
        event.address = client->address;
        event.tls = client->tls;
        event.protocol = client->protocol;
    }
    audit_push(&guard->audit, &event);
}

static struct audit_event worded(enum finding finding, const char *topic, const char *reason,
                                 uint64_t count) {
    return (struct audit_event){
        .event = wordings[finding].event,
        .access = wordings[finding].access,
        .topic = topic,
        .reason = reason,
        .count = count,
    };
}

void guard_find(struct guard *guard, struct client *client, enum finding finding,
                const char *topic, const char *reason) {
    struct throttle *throttle = &client->throttles[finding];
    uint64_t count = throttle_hit(throttle, guard_now(), quiet_time(guard));
    if (count > 0) guard_say(guard, client, worded(finding, topic, reason, count));
}

void guard_find_stranger(struct guard *guard, const struct mosquitto *key, enum finding finding,
                         const char *topic, const char *reason) {
    uint64_t count = throttle_hit(&guard->strangers[finding], guard_now(), quiet_time(guard));
    if (count == 0) return;
    struct audit_event event = worded(finding, topic, reason, count);
    event.account = mosquitto_client_username(key);
    event.client_id = mosquitto_client_id(key);
    event.address = mosquitto_client_address(key);
    guard_say(guard, NULL, event);
}

static void flush_one(struct guard *guard, const struct client *client, enum finding finding,
                      struct throttle *throttle, bool at_once) {
    uint64_t count = throttle_flush(throttle, guard_now(), quiet_time(guard), at_once);
    if (count > 0) guard_say(guard, client, worded(finding, NULL, "repeated", count));
}

void guard_flush(struct guard *guard, struct client *client, bool at_once) {
    struct throttle *throttles = client == NULL ? guard->strangers : client->throttles;
    for (int i = 0; i < FINDINGS; i++) {
        flush_one(guard, client, (enum finding)i, &throttles[i], at_once);
    }
}
