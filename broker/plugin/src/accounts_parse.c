#include "accounts.h"
#include "number.h"

#include <stdlib.h>
#include <string.h>

#define HEADER "egiz-accounts 1"

struct parser {
    struct accounts *accounts;
    struct text_lines lines;
    struct text_error *error;
    bool begun;
    bool ended;
};

static bool refuse(struct parser *p, const char *what) {
    return text_refuse(p->error, p->lines.line, "%s", what);
}

/* SPEC section 2: TENANT.CLIENT, a device id or a service id; at most the 64
 * characters of an X.509 common name. */
static bool name_is_valid(const char *name) {
    static const char allowed[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-.";
    size_t len = strspn(name, allowed);
    return len > 0 && len <= 64 && name[len] == '\0' && strchr("_-.", name[0]) == NULL;
}

static bool kind_from(const char *word, enum account_kind *kind) {
    if (strcmp(word, "device") == 0) *kind = ACCOUNT_DEVICE;
    else if (strcmp(word, "client") == 0) *kind = ACCOUNT_CLIENT;
    else if (strcmp(word, "service") == 0) *kind = ACCOUNT_SERVICE;
    else return false;
    return true;
}

static bool parse_limit(struct parser *p, struct account *account, const char *word) {
    if (strncmp(word, "rate=", 5) == 0 && account->rate == RATE_DEFAULT) {
        if (strcmp(word + 5, "unlimited") == 0) {
            account->rate = RATE_UNLIMITED;
            return true;
        }
        if (number_parse(word + 5, 1, RATE_MAX, &account->rate)) return true;
        return refuse(p, "rate is neither unlimited nor a number from 1 to 1000000");
    }
    if (strncmp(word, "burst=", 6) == 0 && account->burst == RATE_DEFAULT) {
        if (number_parse(word + 6, 1, RATE_MAX, &account->burst)) return true;
        return refuse(p, "burst is no number from 1 to 1000000");
    }
    return refuse(p, "only rate= and burst= may follow, each once");
}

static bool append(struct parser *p, struct account account) {
    struct accounts *a = p->accounts;
    if (a->count == a->room) {
        size_t room = a->room == 0 ? 64 : a->room * 2;
        struct account *list = realloc(a->list, room * sizeof *list);
        if (list == NULL) return refuse(p, "out of memory");
        a->list = list;
        a->room = room;
    }
    a->list[a->count++] = account;
    return true;
}

static bool parse_account(struct parser *p, char *rest) {
    struct account account = {.rate = RATE_DEFAULT, .burst = RATE_DEFAULT};
    if (rest == NULL) return refuse(p, "the account's name is missing");
    account.name = text_word(&rest);
    if (!name_is_valid(account.name)) return refuse(p, "the account's name is not valid");
    if (rest == NULL || !kind_from(text_word(&rest), &account.kind)) {
        return refuse(p, "the kind is not device, client or service");
    }
    while (rest != NULL) {
        if (!parse_limit(p, &account, text_word(&rest))) return false;
    }
    return append(p, account);
}

static bool parse_end(struct parser *p, const char *rest) {
    uint32_t count;
    if (rest == NULL || !number_parse(rest, 0, UINT32_MAX - 1, &count) || count != p->accounts->count) {
        return refuse(p, "the closing line does not give the number of accounts");
    }
    p->ended = true;
    return true;
}

static bool parse_line(struct parser *p, char *line) {
    if (line[0] == '\0' || line[0] == '#') return true;
    if (!p->begun) {
        p->begun = strcmp(line, HEADER) == 0;
        return p->begun ? true : refuse(p, "the first line is not \"" HEADER "\"");
    }
    if (p->ended) return refuse(p, "something follows the closing line");
    char *rest = line;
    char *keyword = text_word(&rest);
    if (strcmp(keyword, "account") == 0) return parse_account(p, rest);
    if (strcmp(keyword, "end") == 0) return parse_end(p, rest);
    return refuse(p, "the line begins with neither account nor end");
}

/* Only when the list no longer moves: the table points into it. */
static bool index_names(struct parser *p) {
    struct accounts *a = p->accounts;
    for (size_t i = 0; i < a->count; i++) {
        const char *name = a->list[i].name;
        if (str_table_find(&a->by_name, name, strlen(name)) != NULL) {
            return text_refuse(p->error, 0, "the account %s is there twice", name);
        }
        if (!str_table_add(&a->by_name, name, &a->list[i])) return refuse(p, "out of memory");
    }
    return true;
}

static bool parse_lines(struct parser *p, size_t len) {
    if (!text_lines_start(&p->lines, p->accounts->text, len, p->error)) return false;
    for (char *line; (line = text_lines_next(&p->lines)) != NULL;) {
        if (!parse_line(p, line)) return false;
    }
    if (!p->ended) return refuse(p, "the closing line \"end N\" is missing: the file is half written");
    return index_names(p);
}

struct accounts *accounts_parse(char *text, size_t len, struct text_error *error) {
    struct accounts *accounts = calloc(1, sizeof *accounts);
    if (accounts == NULL) {
        text_refuse(error, 0, "out of memory");
        free(text);
        return NULL;
    }
    accounts->text = text;
    struct parser p = {.accounts = accounts, .error = error};
    if (!parse_lines(&p, len)) {
        accounts_free(accounts);
        return NULL;
    }
    return accounts;
}
