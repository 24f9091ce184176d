#include "guard.h"

/* What is known of the client an access question is about. */
struct asker {
    struct client *client; /* NULL: a session without a connection, a will */
    const struct acl_account *rights;
    struct topic_names names;
    bool barred;
};

static struct asker asker_of(struct guard *guard, struct mosquitto_evt_acl_check *event) {
    /* Only a connected client subscribes; the others may be gone already. */
    struct client *client = event->access == MOSQ_ACL_SUBSCRIBE
                          ? guard_meet(guard, event->client)
                          : clients_find(&guard->clients, event->client);
    struct asker asker = {.client = client};
    if (client != NULL) {
        guard_refresh(guard, client);
        asker.rights = client->rights;
        asker.names = (struct topic_names){client->account, client->id};
        asker.barred = client->state == CLIENT_BANNED || client->state == CLIENT_KICKED;
        return asker;
    }
    const char *account = mosquitto_client_username(event->client);
    const char *id = mosquitto_client_id(event->client);
    asker.rights = acl_find(guard->acl, account);
    asker.names = (struct topic_names){account, id};
    asker.barred = !guard->options.any_client_id && account != NULL && id != NULL
                && !accounts_client_id_fits(guard->accounts, account, id);
    return asker;
}

static int deny(struct guard *guard, struct mosquitto_evt_acl_check *event, struct client *client) {
    enum finding finding = FOUND_DELIVERY;
    const char *reason = "no right covers the topic";
    if (event->access == MOSQ_ACL_WRITE) {
        finding = FOUND_PUBLISH;
        guard->counters.denied_publish++;
    } else if (event->access == MOSQ_ACL_SUBSCRIBE) {
        finding = FOUND_SUBSCRIBE;
        reason = "no right covers the filter";
        guard->counters.denied_subscribe++;
    } else {
        guard->counters.denied_delivery++;
    }
    /* While everything is denied ten thousand clients have the same finding:
     * it is told as one. */
    if (guard->deny_all) reason = "the rights could not be loaded: everything is denied";
    if (client == NULL || guard->deny_all) {
        guard_find_stranger(guard, event->client, finding, event->topic, reason);
    } else {
        guard_find(guard, client, finding, event->topic, reason);
    }
    return MOSQ_ERR_ACL_DENIED;
}

static bool permits(const struct guard *guard, const struct asker *asker,
                    const struct mosquitto_evt_acl_check *event) {
    if (asker->barred || guard->deny_all) return false;
    if (event->access == MOSQ_ACL_SUBSCRIBE) {
        return acl_permits_subscription(guard->acl, asker->rights, &asker->names, event->topic);
    }
    enum acl_access access = event->access == MOSQ_ACL_WRITE ? ACL_WRITE : ACL_READ;
    return acl_permits(guard->acl, asker->rights, &asker->names, event->topic, access);
}

int guard_on_acl_check(struct guard *guard, struct mosquitto_evt_acl_check *event) {
    guard_settle(guard);
    /* Deferring leaves the last word to the broker's own acl_file. */
    int permit = guard->options.acl_final ? MOSQ_ERR_SUCCESS : MOSQ_ERR_PLUGIN_DEFER;
    if (event->access == MOSQ_ACL_UNSUBSCRIBE) return permit;
    struct asker asker = asker_of(guard, event);
    return permits(guard, &asker, event) ? permit : deny(guard, event, asker.client);
}

int guard_on_message(struct guard *guard, struct mosquitto_evt_message *event) {
    guard_settle(guard);
    struct client *client = guard_meet(guard, event->client);
    if (client == NULL) return MOSQ_ERR_SUCCESS;
    if (client->state == CLIENT_BANNED || client->state == CLIENT_KICKED) return MOSQ_ERR_ACL_DENIED;
    guard_refresh(guard, client);
    if (!bucket_take(&client->bucket, guard_now())) {
        guard->counters.rate_limited++;
        guard_find(guard, client, FOUND_LIMIT, event->topic, "more messages than the account's rate");
        /* Any other answer would end the connection on 2.0. */
        return guard->tells_connects ? GUARD_ERR_QUOTA_EXCEEDED : MOSQ_ERR_ACL_DENIED;
    }
    struct families *families = &guard->counters.families;
    families->messages[family_of(families, event->topic)]++;
    return MOSQ_ERR_SUCCESS;
}
