#include "accounts.h"

#include <stdlib.h>
#include <string.h>

const struct account *accounts_find(const struct accounts *accounts, const char *name) {
    if (accounts == NULL || name == NULL) return NULL;
    return str_table_find(&accounts->by_name, name, strlen(name));
}

static bool role_is_valid(const char *role) {
    size_t len = strspn(role, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-");
    return len > 0 && len <= 64 && role[len] == '\0';
}

/* `egiz` with role `core-1` would be `egiz-core` with role `1`: such an id
 * belongs to the longer account. */
static bool belongs_to_another(const struct accounts *accounts, const char *client_id,
                               size_t account_len) {
    size_t len = strlen(client_id);
    for (size_t i = account_len + 1; i <= len; i++) {
        if (client_id[i] != '-' && client_id[i] != '\0') continue;
        const struct account *other = str_table_find(&accounts->by_name, client_id, i);
        if (other != NULL && (i == len || other->kind == ACCOUNT_SERVICE)) return true;
    }
    return false;
}

bool accounts_client_id_fits(const struct accounts *accounts, const char *account,
                             const char *client_id) {
    if (strcmp(account, client_id) == 0) return true;
    const struct account *known = accounts_find(accounts, account);
    if (known == NULL || known->kind != ACCOUNT_SERVICE) return false;
    size_t len = strlen(account);
    if (strncmp(account, client_id, len) != 0 || client_id[len] != '-') return false;
    return role_is_valid(client_id + len + 1) && !belongs_to_another(accounts, client_id, len);
}

void accounts_free(struct accounts *accounts) {
    if (accounts == NULL) return;
    str_table_free(&accounts->by_name);
    free(accounts->list);
    free(accounts->text);
    free(accounts);
}
