#include "acl.h"

#include <stdlib.h>
#include <string.h>

enum verdict { SILENT, DENIED, GRANTED };

const struct acl_account *acl_find(const struct acl *acl, const char *name) {
    if (name == NULL) return &acl->nameless;
    return str_table_find(&acl->accounts, name, strlen(name));
}

static bool rule_matches(const struct acl_rule *rule, const struct topic_names *names,
                         const char *topic) {
    /* Most rules of a device are plain topics: one comparison. */
    if (!rule->wild && names == NULL) return strcmp(rule->filter, topic) == 0;
    return topic_matches(rule->filter, topic, names);
}

static enum verdict judge_topic(const struct acl_rules *rules, const struct topic_names *names,
                                const char *topic, enum acl_access access) {
    for (size_t i = 0; i < rules->count; i++) {
        const struct acl_rule *rule = &rules->list[i];
        if (rule->access != ACL_DENY && (rule->access & access) == 0) continue;
        if (!rule_matches(rule, names, topic)) continue;
        return rule->access == ACL_DENY ? DENIED : GRANTED;
    }
    return SILENT;
}

static enum verdict judge_filter(const struct acl_rules *rules, const struct topic_names *names,
                                 const char *filter) {
    for (size_t i = 0; i < rules->count; i++) {
        const struct acl_rule *rule = &rules->list[i];
        if (rule->access == ACL_DENY) {
            if (topic_overlaps(rule->filter, filter, names)) return DENIED;
        } else if ((rule->access & ACL_READ) != 0 && topic_covers(rule->filter, filter, names)) {
            return GRANTED;
        }
    }
    return SILENT;
}

/* Patterns are closed to a name that could widen them. */
static bool patterns_apply(const struct acl *acl, const struct topic_names *names) {
    return acl->patterns.count > 0 && names->client != NULL && topic_name_is_plain(names->client)
        && (names->user == NULL || topic_name_is_plain(names->user));
}

bool acl_permits(const struct acl *acl, const struct acl_account *account,
                 const struct topic_names *names, const char *topic, enum acl_access access) {
    enum verdict own = account == NULL ? SILENT : judge_topic(&account->rules, NULL, topic, access);
    if (own != SILENT) return own == GRANTED;
    if (!patterns_apply(acl, names)) return false;
    return judge_topic(&acl->patterns, names, topic, access) == GRANTED;
}

bool acl_permits_subscription(const struct acl *acl, const struct acl_account *account,
                              const struct topic_names *names, const char *filter) {
    filter = topic_unshare(filter);
    if (filter == NULL || !topic_filter_valid(filter, strlen(filter))) return false;
    enum verdict own = account == NULL ? SILENT : judge_filter(&account->rules, NULL, filter);
    if (own != SILENT) return own == GRANTED;
    if (!patterns_apply(acl, names)) return false;
    return judge_filter(&acl->patterns, names, filter) == GRANTED;
}

void acl_free(struct acl *acl) {
    if (acl == NULL) return;
    for (size_t i = 0; i < acl->accounts.capacity; i++) {
        struct acl_account *account = acl->accounts.slots[i].value;
        if (account == NULL) continue;
        free(account->rules.list);
        free(account);
    }
    str_table_free(&acl->accounts);
    free(acl->nameless.rules.list);
    free(acl->patterns.list);
    free(acl->text);
    free(acl);
}
