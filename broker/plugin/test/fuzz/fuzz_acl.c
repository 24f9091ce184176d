/* The ACL file: parsed or refused with a reason; then every rule's own filter
 * is asked for, as a subscription and as a topic. */
#include "acl.h"
#include "fuzz.h"

static void ask(const struct acl *acl, const struct acl_account *account,
                const struct acl_rules *rules) {
    struct topic_names names = {account->name, "client-1"};
    for (size_t i = 0; i < rules->count && i < 32; i++) {
        const struct acl_rule *rule = &rules->list[i];
        MUST(topic_filter_valid(rule->filter, strlen(rule->filter)));
        bool subscribes = acl_permits_subscription(acl, account, &names, rule->filter);
        bool reads = acl_permits(acl, account, &names, rule->filter, ACL_READ);
        acl_permits(acl, account, &names, rule->filter, ACL_WRITE);
        /* A plain topic is a filter too: what may be subscribed may be read. */
        if (!rule->wild && subscribes) MUST(reads);
        if (rule->access == ACL_DENY && rules == &account->rules) MUST(!subscribes);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct text_error error = {0};
    struct acl *acl = acl_parse(heap_copy(data, size), size, &error);
    MUST((acl == NULL) == (error.what[0] != '\0'));
    if (acl == NULL) return 0;
    ask(acl, &acl->nameless, &acl->nameless.rules);
    for (size_t i = 0; i < acl->accounts.capacity; i++) {
        const struct acl_account *account = acl->accounts.slots[i].value;
        if (account == NULL) continue;
        MUST(acl_find(acl, account->name) == account);
        ask(acl, account, &account->rules);
        ask(acl, account, &acl->patterns);
    }
    acl_free(acl);
    return 0;
}
