/* The guard account file: what kind of account each is and its own limits.
 * Written by the same generator as the rights; format in README.md. */
#ifndef GUARD_ACCOUNTS_H
#define GUARD_ACCOUNTS_H

#include "str_table.h"
#include "text_file.h"

#include <stdint.h>

#define RATE_MAX 1000000u
#define RATE_DEFAULT UINT32_MAX /* not given: the plugin's default holds */
#define RATE_UNLIMITED 0u

enum account_kind { ACCOUNT_DEVICE, ACCOUNT_CLIENT, ACCOUNT_SERVICE };

struct account {
    const char *name;
    enum account_kind kind;
    uint32_t rate;  /* messages per second, RATE_UNLIMITED or RATE_DEFAULT */
    uint32_t burst; /* messages, or RATE_DEFAULT */
};

struct accounts {
    char *text; /* the file; the names point into it */
    struct account *list;
    size_t count;
    size_t room;
    struct str_table by_name;
};

/* Takes over `text` in every case. NULL with the error filled in when any
 * line is wrong. */
struct accounts *accounts_parse(char *text, size_t len, struct text_error *error);

void accounts_free(struct accounts *accounts);

/* NULL when the file does not name the account (or there is no file). */
const struct account *accounts_find(const struct accounts *accounts, const char *name);

/* May this account use this client id? A device or client, and an account that
 * the file does not name, only its own name. A service also ACCOUNT-ROLE,
 * unless that is, or belongs to, another account. */
bool accounts_client_id_fits(const struct accounts *accounts, const char *account,
                             const char *client_id);

#endif
