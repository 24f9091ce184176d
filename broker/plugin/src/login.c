#include "guard.h"

#include "tls.h"

#include <stdio.h>
#include <string.h>

#define BORROWED "the client id is not the account's"

static bool client_id_fits(const struct guard *guard, const char *account, const char *client_id) {
    if (guard->options.any_client_id || account == NULL || client_id == NULL) return true;
    return accounts_client_id_fits(guard->accounts, account, client_id);
}

void guard_refresh(struct guard *guard, struct client *client) {
    if (client->generation == guard->generation) return;
    client->generation = guard->generation;
    const struct account *account = accounts_find(guard->accounts, client->account);
    uint32_t rate = guard->options.rate;
    uint32_t burst = guard->options.burst;
    if (account != NULL && account->rate != RATE_DEFAULT) rate = burst = account->rate;
    if (account != NULL && account->burst != RATE_DEFAULT) burst = account->burst;
    bucket_limit(&client->bucket, rate, burst);
    client->rights = guard->acl == NULL ? NULL : acl_find(guard->acl, client->account);
}

static struct client *enter(struct guard *guard, struct mosquitto *key, enum client_state state) {
    struct client *client = clients_add(&guard->clients, key, mosquitto_client_id(key),
                                        mosquitto_client_username(key));
    if (client == NULL) return NULL;
    const char *address = mosquitto_client_address(key);
    snprintf(client->address, sizeof client->address, "%s", address == NULL ? "" : address);
    client->protocol = mosquitto_client_protocol_version(key);
    client->tls = tls_version_of(key);
    client->state = state;
    client->since = guard_now();
    guard_refresh(guard, client);
    return client;
}

void guard_forget(struct guard *guard, struct client *client) {
    if (guard->pending == client) guard->pending = NULL;
    if (guard->newest == client) guard->newest = NULL;
    if (client->state == CLIENT_BANNED) guard->to_kick--;
    clients_remove(&guard->clients, client);
}

static void welcome(struct guard *guard, struct client *client) {
    client->state = CLIENT_CONNECTED;
    guard->counters.connects++;
    guard_say(guard, client, (struct audit_event){.event = "connect"});
}

static int refuse(struct guard *guard, struct client *client, const char *reason) {
    client->state = CLIENT_REFUSED;
    guard->counters.auth_failures++;
    guard_say(guard, client, (struct audit_event){.event = "refused", .reason = reason});
    return MOSQ_ERR_AUTH;
}

/* Its login was accepted without asking plugins: all that is left is to deny
 * it everything at once and to put it out at the next tick. */
static void ban(struct guard *guard, struct client *client) {
    refuse(guard, client, BORROWED);
    guard->counters.client_ids_refused++;
    client->state = CLIENT_BANNED;
    guard->to_kick++;
}

void guard_settle(struct guard *guard) {
    struct client *client = guard->pending;
    if (client == NULL || guard->tells_connects) return;
    guard->pending = NULL;
    if (client->state == CLIENT_PENDING) welcome(guard, client);
}

struct client *guard_meet(struct guard *guard, struct mosquitto *key) {
    struct client *client = clients_find(&guard->clients, key);
    if (client != NULL) return client;
    client = enter(guard, key, CLIENT_CONNECTED);
    if (client == NULL) return NULL;
    if (client_id_fits(guard, client->account, client->id)) welcome(guard, client);
    else ban(guard, client);
    return client;
}

/* The broker asks again about a client at a reload. Some are sessions without
 * a connection: they get no entry, for no disconnect would end it. */
static int ask_again(struct guard *guard, struct mosquitto *key) {
    struct client *client = clients_find(&guard->clients, key);
    const char *account = client == NULL ? mosquitto_client_username(key) : client->account;
    const char *id = client == NULL ? mosquitto_client_id(key) : client->id;
    if (!client_id_fits(guard, account, id)) return MOSQ_ERR_AUTH;
    /* A session without a connection has no certificate to show. Refused here, 2.0 would leave it without
     * rights, and what is published until its client is back would be lost to it. It logs in again then. */
    if (client == NULL) return MOSQ_ERR_SUCCESS;
    return client->by_certificate ? MOSQ_ERR_SUCCESS : MOSQ_ERR_PLUGIN_DEFER;
}

static int log_in(struct guard *guard, struct mosquitto *key, enum tls_name certificate) {
    struct client *client = enter(guard, key, CLIENT_PENDING);
    if (client == NULL) return MOSQ_ERR_AUTH;
    client->by_certificate = certificate == TLS_NAME_OK;
    if (certificate == TLS_NAME_BAD) {
        return refuse(guard, client, "the certificate has no usable common name");
    }
    if (!client_id_fits(guard, client->account, client->id)) {
        guard->counters.client_ids_refused++;
        return refuse(guard, client, BORROWED);
    }
    guard->pending = guard->newest = client;
    return client->by_certificate ? MOSQ_ERR_SUCCESS : MOSQ_ERR_PLUGIN_DEFER;
}

int guard_on_basic_auth(struct guard *guard, struct mosquitto_evt_basic_auth *event) {
    guard_settle(guard);
    if (guard->reloading) return ask_again(guard, event->client);
    struct client *stale = clients_find(&guard->clients, event->client);
    if (stale != NULL) guard_forget(guard, stale);

    char name[72];
    enum tls_name certificate = TLS_NO_CERTIFICATE;
    if (guard->options.cert_login) certificate = tls_common_name(event->client, name, sizeof name);
    if (certificate == TLS_NAME_OK && mosquitto_set_username(event->client, name) != MOSQ_ERR_SUCCESS) {
        certificate = TLS_NAME_BAD;
    }
    return log_in(guard, event->client, certificate);
}

void guard_on_connect(struct guard *guard, struct mosquitto *key) {
    struct client *client = clients_find(&guard->clients, key);
    guard->pending = NULL;
    if (client == NULL) guard_meet(guard, key);
    else if (client->state == CLIENT_PENDING) welcome(guard, client);
}

/* 2.1 says why; 2.0 says -1. */
static const char *reason_text(const struct guard *guard, const struct client *client, int reason) {
    if (client->state == CLIENT_BANNED || client->state == CLIENT_KICKED) return BORROWED;
    if (guard->reloading) return "the login was withdrawn at a reload";
    switch (reason) {
    case MOSQ_ERR_SUCCESS: return "the client said goodbye";
    case MOSQ_ERR_CONN_LOST: return "the connection was lost";
    case MOSQ_ERR_KEEPALIVE: return "the keepalive time ran out";
    case MOSQ_ERR_PROTOCOL: return "protocol error";
    case MOSQ_ERR_MALFORMED_PACKET: return "malformed packet";
    case MOSQ_ERR_OVERSIZE_PACKET: return "oversize packet";
    case MOSQ_ERR_TLS: return "TLS error";
    case MOSQ_ERR_ERRNO: return "socket error";
    case MOSQ_ERR_AUTH: return "not authorised";
    default: return NULL;
    }
}

static void say_goodbye(struct guard *guard, struct client *client, int reason) {
    const struct client *rival = guard->newest;
    bool same_id = rival != NULL && rival != client && strcmp(rival->id, client->id) == 0;
    struct audit_event event = {.event = "disconnect", .reason = reason_text(guard, client, reason)};
    if (same_id || reason == GUARD_ERR_SESSION_TAKEN_OVER) {
        guard->counters.takeovers++;
        event.event = "takeover";
        event.by_account = same_id ? rival->account : NULL;
        event.by_address = same_id ? rival->address : NULL;
        event.reason = "another connection used the same client id";
    }
    if (client->state == CLIENT_CONNECTED) guard->counters.disconnects++;
    guard_flush(guard, client, true);
    guard_say(guard, client, event);
}

/* A connection that ends before any login: a failed TLS handshake, a port
 * scan, a load balancer's health check. Only 2.0 shows them. */
static void close_early(struct guard *guard, struct mosquitto *key) {
    guard->counters.closed_before_login++;
    uint64_t quiet = (uint64_t)guard->options.audit_repeat * 1000000000u;
    uint64_t count = throttle_hit(&guard->closed_early, guard_now(), quiet);
    if (count == 0) return;
    guard_say(guard, NULL, (struct audit_event){
        .event = "closed_before_login",
        .address = mosquitto_client_address(key),
        .count = count,
    });
}

static void part_with_stranger(struct guard *guard, struct mosquitto *key, int reason) {
    if (mosquitto_client_id(key) == NULL) {
        close_early(guard, key);
        return;
    }
    /* The end of a session that had no connection any more. */
    if (!tls_has_certificate(key)) return;
    struct client *client = enter(guard, key, CLIENT_PENDING);
    if (client == NULL) return;
    if (client->account == NULL) {
        refuse(guard, client, "the certificate gives no account");
    } else {
        /* It logged in by certificate, unseen, and did nothing. */
        welcome(guard, client);
        say_goodbye(guard, client, reason);
    }
    guard_forget(guard, client);
}

/* On 2.0 nothing tells a refusal from an accepted client that leaves before
 * its first act, except that 2.0.11 takes the id off a refused one. */
static bool was_refused(struct guard *guard, const struct client *client, struct mosquitto *key) {
    if (client->state != CLIENT_PENDING) return false;
    if (guard->tells_connects) return true;
    if (mosquitto_client_id(key) == NULL) return true;
    return !guard->clears_ids;
}

void guard_on_disconnect(struct guard *guard, struct mosquitto *key, int reason) {
    struct client *client = clients_find(&guard->clients, key);
    if (client != guard->pending || client == NULL) guard_settle(guard);
    if (client == NULL) {
        part_with_stranger(guard, key, reason);
        return;
    }
    bool deciding = client->state == CLIENT_PENDING || client->state == CLIENT_REFUSED;
    if (deciding && mosquitto_client_id(key) == NULL) guard->clears_ids = true;
    if (was_refused(guard, client, key)) {
        refuse(guard, client, "unknown account or wrong password");
    } else if (client->state == CLIENT_PENDING) {
        welcome(guard, client);
    }
    if (client->state != CLIENT_REFUSED) say_goodbye(guard, client, reason);
    guard_forget(guard, client);
}
