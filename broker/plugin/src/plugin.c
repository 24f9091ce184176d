/* The plugin's entry points and the wiring of the broker's events. */
#include "guard.h"
#include "tls.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define EXPORT __attribute__((visibility("default")))
#define PLUGIN_INTERFACE 5

EXPORT int mosquitto_plugin_version(int count, const int *versions);
EXPORT int mosquitto_plugin_init(mosquitto_plugin_id_t *identifier, void **userdata,
                                 struct mosquitto_opt *options, int count);
EXPORT int mosquitto_plugin_cleanup(void *userdata, struct mosquitto_opt *options, int count);

/* The log file, the $SYS topics and the kicks are the broker's, not a
 * listener's: one guard is enough and two would fight. */
static bool loaded;

static int on_basic_auth(int event, void *data, void *userdata) {
    (void)event;
    return guard_on_basic_auth(userdata, data);
}

static int on_acl_check(int event, void *data, void *userdata) {
    (void)event;
    return guard_on_acl_check(userdata, data);
}

static int on_message(int event, void *data, void *userdata) {
    (void)event;
    return guard_on_message(userdata, data);
}

static int on_connect(int event, void *data, void *userdata) {
    (void)event;
    const struct guard_evt_connect *connect = data;
    guard_on_connect(userdata, connect->client);
    return MOSQ_ERR_SUCCESS;
}

static int on_disconnect(int event, void *data, void *userdata) {
    (void)event;
    const struct mosquitto_evt_disconnect *disconnect = data;
    guard_on_disconnect(userdata, disconnect->client, disconnect->reason);
    return MOSQ_ERR_SUCCESS;
}

static int on_tick(int event, void *data, void *userdata) {
    (void)event;
    const struct guard *guard = userdata;
    struct mosquitto_evt_tick *tick = data;
    guard_on_tick(userdata);
    /* 2.1 calls this field next_ms and sleeps until somebody wants a tick. */
    if (guard->tells_connects) tick->next_ns = 100;
    return MOSQ_ERR_SUCCESS;
}

static int on_reload(int event, void *data, void *userdata) {
    (void)event, (void)data;
    struct guard *guard = userdata;
    guard_settle(guard);
    guard->reloading = true;
    guard_reload(guard);
    /* 2.0 asks no further plugin after a success, 2.1 ends on anything else. */
    return guard->tells_connects ? MOSQ_ERR_SUCCESS : MOSQ_ERR_PLUGIN_DEFER;
}

static bool listen_to(struct guard *guard, int event, MOSQ_FUNC_generic_callback callback) {
    int rc = mosquitto_callback_register(guard->identifier, event, callback, NULL, guard);
    return rc == MOSQ_ERR_SUCCESS;
}

static bool listen_to_all(struct guard *guard) {
    guard->tells_connects = listen_to(guard, GUARD_EVT_CONNECT, on_connect);
    bool ok = listen_to(guard, MOSQ_EVT_RELOAD, on_reload)
           && listen_to(guard, MOSQ_EVT_BASIC_AUTH, on_basic_auth)
           && listen_to(guard, MOSQ_EVT_DISCONNECT, on_disconnect)
           && listen_to(guard, MOSQ_EVT_TICK, on_tick)
           && listen_to(guard, GUARD_EVT_MESSAGE, on_message);
    if (guard->tells_connects) ok = ok && listen_to(guard, GUARD_EVT_CLIENT_OFFLINE, on_disconnect);
    /* Registered without rights to check, it would deny everything. */
    if (ok && guard->acl != NULL) ok = listen_to(guard, MOSQ_EVT_ACL_CHECK, on_acl_check);
    if (!ok) mosquitto_log_printf(MOSQ_LOG_ERR, "guard: the broker does not offer the events needed");
    return ok;
}

static bool start_audit(struct guard *guard) {
    const struct options *o = &guard->options;
    if (o->audit_file == NULL) return true;
    struct audit_log *log = malloc(sizeof *log);
    if (log == NULL || !audit_log_open(log, o->audit_file, o->audit_max_bytes, o->audit_keep)) {
        mosquitto_log_printf(MOSQ_LOG_ERR, "guard: audit_file %s cannot be opened: %s",
                             o->audit_file, strerror(errno));
        free(log);
        return false;
    }
    guard->log = log;
    if (audit_start(&guard->audit, audit_log_sink(log), o->audit_queue)) return true;
    mosquitto_log_printf(MOSQ_LOG_ERR, "guard: the audit log cannot be started");
    return false;
}

static bool read_options(struct guard *guard, struct mosquitto_opt *options, int count) {
    char what[160];
    if (options_parse(&guard->options, options, count, what, sizeof what)) return true;
    mosquitto_log_printf(MOSQ_LOG_ERR, "guard: plugin_opt: %s", what);
    return false;
}

static void guard_free(struct guard *guard) {
    audit_stop(&guard->audit, 5);
    if (guard->log != NULL) audit_log_close(guard->log);
    free(guard->log);
    clients_free(&guard->clients);
    acl_free(guard->acl);
    accounts_free(guard->accounts);
    options_free(&guard->options);
    free(guard);
}

EXPORT int mosquitto_plugin_version(int count, const int *versions) {
    for (int i = 0; i < count; i++) {
        if (versions[i] == PLUGIN_INTERFACE) return PLUGIN_INTERFACE;
    }
    return -1;
}

EXPORT int mosquitto_plugin_init(mosquitto_plugin_id_t *identifier, void **userdata,
                                 struct mosquitto_opt *options, int count) {
    if (loaded) {
        mosquitto_log_printf(MOSQ_LOG_ERR, "guard: load the plugin once, for the whole broker");
        return MOSQ_ERR_INVAL;
    }
    struct guard *guard = calloc(1, sizeof *guard);
    if (guard == NULL) return MOSQ_ERR_NOMEM;
    guard->identifier = identifier;
    if (!read_options(guard, options, count) || !guard_load(guard) || !start_audit(guard)
            || !listen_to_all(guard)) {
        guard_free(guard);
        return MOSQ_ERR_INVAL;
    }
    if (guard->acl == NULL) {
        mosquitto_log_printf(MOSQ_LOG_WARNING, "guard: no acl_file: subscriptions are not checked");
    }
    tls_watch_start(guard->tells_connects);
    loaded = true;
    *userdata = guard;
    guard_say(guard, NULL, (struct audit_event){.event = "start"});
    return MOSQ_ERR_SUCCESS;
}

EXPORT int mosquitto_plugin_cleanup(void *userdata, struct mosquitto_opt *options, int count) {
    (void)options, (void)count;
    struct guard *guard = userdata;
    if (guard == NULL) return MOSQ_ERR_SUCCESS;
    guard_say(guard, NULL, (struct audit_event){.event = "stop"});
    tls_watch_stop();
    loaded = false;
    guard_free(guard);
    return MOSQ_ERR_SUCCESS;
}
