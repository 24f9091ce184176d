/* The account file: parsed or refused with a reason; then each account is
 * found again and may use its own name as client id. */
#include "accounts.h"
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct text_error error = {0};
    struct accounts *accounts = accounts_parse(heap_copy(data, size), size, &error);
    MUST((accounts == NULL) == (error.what[0] != '\0'));
    if (accounts == NULL) return 0;
    for (size_t i = 0; i < accounts->count; i++) {
        const struct account *account = &accounts->list[i];
        MUST(accounts_find(accounts, account->name) == account);
        MUST(accounts_client_id_fits(accounts, account->name, account->name));
        for (size_t j = 0; j < accounts->count && j < 16; j++) {
            /* Nobody fits another account's name. */
            const char *other = accounts->list[j].name;
            MUST(i == j || !accounts_client_id_fits(accounts, account->name, other));
        }
    }
    accounts_free(accounts);
    return 0;
}
