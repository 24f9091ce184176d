#include "guard.h"

#include <stdio.h>

/* Logs and audits why a file was refused. */
static void complain(struct guard *guard, const char *path, const struct text_error *error,
                     const char *consequence) {
    char reason[192];
    if (error->line > 0) {
        snprintf(reason, sizeof reason, "line %zu: %s", error->line, error->what);
    } else {
        snprintf(reason, sizeof reason, "%s", error->what);
    }
    mosquitto_log_printf(MOSQ_LOG_ERR, "guard: %s: %s; %s", path, reason, consequence);
    guard_say(guard, NULL, (struct audit_event){
        .event = "reload_failed", .topic = path, .reason = reason});
}

static struct acl *read_acl(const char *path, struct text_error *error) {
    size_t len;
    char *text = text_file_read(path, &len, error);
    return text == NULL ? NULL : acl_parse(text, len, error);
}

static struct accounts *read_accounts(const char *path, struct text_error *error) {
    size_t len;
    char *text = text_file_read(path, &len, error);
    return text == NULL ? NULL : accounts_parse(text, len, error);
}

static bool load_acl(struct guard *guard, const char *consequence) {
    const char *path = guard->options.acl_file;
    if (path == NULL) return true;
    struct text_error error = {0};
    struct acl *acl = read_acl(path, &error);
    guard->deny_all = acl == NULL;
    if (acl == NULL) {
        complain(guard, path, &error, consequence);
        return false;
    }
    acl_free(guard->acl);
    guard->acl = acl;
    return true;
}

static bool load_accounts(struct guard *guard, const char *consequence) {
    const char *path = guard->options.account_file;
    if (path == NULL) return true;
    struct text_error error = {0};
    struct accounts *accounts = read_accounts(path, &error);
    if (accounts == NULL) {
        complain(guard, path, &error, consequence);
        return false;
    }
    accounts_free(guard->accounts);
    guard->accounts = accounts;
    return true;
}

bool guard_load(struct guard *guard) {
    guard->generation++;
    return load_acl(guard, "not starting") && load_accounts(guard, "not starting");
}

void guard_reload(struct guard *guard) {
    bool rights = load_acl(guard, "everything is denied until the next good reload");
    bool accounts = load_accounts(guard, "the accounts stay as they were");
    guard->generation++;
    guard->counters.reloads++;
    audit_reopen(&guard->audit);
    if (!rights || !accounts) {
        guard->counters.reloads_failed++;
        return;
    }
    guard_say(guard, NULL, (struct audit_event){.event = "reload"});
    mosquitto_log_printf(MOSQ_LOG_NOTICE, "guard: reloaded: %zu accounts with limits, %zu rules",
                         guard->accounts == NULL ? 0 : guard->accounts->count,
                         guard->acl == NULL ? 0 : guard->acl->rule_count);
}
