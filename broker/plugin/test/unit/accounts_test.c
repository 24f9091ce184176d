#include "accounts.h"
#include "check.h"
#include "number.h"

#include <stdlib.h>

static struct accounts *parse(const char *text, struct text_error *error) {
    return accounts_parse(strdup(text), strlen(text), error);
}

static struct accounts *good(const char *text) {
    struct text_error error = {0};
    struct accounts *accounts = parse(text, &error);
    CHECK_TEXT("", error.what);
    return accounts;
}

static void kinds_and_limits(void) {
    struct accounts *a = good("# c\negiz-accounts 1\naccount d device\naccount t.c client rate=5\n\n"
                              "account s service burst=9 rate=unlimited\nend 3\n");
    CHECK_INT(ACCOUNT_DEVICE, accounts_find(a, "d")->kind);
    CHECK_INT(RATE_DEFAULT, accounts_find(a, "d")->rate);
    CHECK_INT(5, accounts_find(a, "t.c")->rate);
    CHECK_INT(RATE_DEFAULT, accounts_find(a, "t.c")->burst);
    CHECK_INT(RATE_UNLIMITED, accounts_find(a, "s")->rate);
    CHECK_INT(9, accounts_find(a, "s")->burst);
    CHECK(accounts_find(a, "x") == NULL);
    CHECK(accounts_find(a, NULL) == NULL);
    CHECK(accounts_find(NULL, "d") == NULL);
    accounts_free(a);
}

static void client_ids(void) {
    struct accounts *a = good("egiz-accounts 1\naccount dev device\naccount svc service\n"
                              "account svc-two service\naccount svc-dev device\nend 4\n");
    CHECK(accounts_client_id_fits(a, "dev", "dev"));
    CHECK(!accounts_client_id_fits(a, "dev", "dev-1"));
    CHECK(!accounts_client_id_fits(a, "dev", "svc"));
    CHECK(accounts_client_id_fits(a, "svc", "svc"));
    CHECK(accounts_client_id_fits(a, "svc", "svc-outbox_1"));
    CHECK(accounts_client_id_fits(a, "svc", "svc-a-b"));
    CHECK(!accounts_client_id_fits(a, "svc", "svc-"));
    CHECK(!accounts_client_id_fits(a, "svc", "svcx"));
    CHECK(!accounts_client_id_fits(a, "svc", "svc-a b"));
    /* These are, or belong to, another account. */
    CHECK(!accounts_client_id_fits(a, "svc", "svc-two"));
    CHECK(!accounts_client_id_fits(a, "svc", "svc-two-1"));
    CHECK(!accounts_client_id_fits(a, "svc", "svc-dev"));
    CHECK(accounts_client_id_fits(a, "svc", "svc-dev-1"));
    CHECK(accounts_client_id_fits(a, "svc-two", "svc-two-1"));
    CHECK(!accounts_client_id_fits(a, "unknown", "unknown-1"));
    CHECK(accounts_client_id_fits(NULL, "any", "any"));
    CHECK(!accounts_client_id_fits(NULL, "any", "any-1"));
    accounts_free(a);
}

struct wrong {
    const char *text;
    size_t line;
    const char *what;
};

static void wrong_files(void) {
    const struct wrong wrong[] = {
        {"", 0, "half written"},
        {"egiz-accounts 1\n", 1, "half written"},
        {"egiz-accounts 1\naccount a device\n", 2, "half written"},
        {"egiz-accounts 1\naccount a device\nend 1", 3, "half written"},
        {"egiz-accounts 1\naccount a device\nend 2\n", 3, "number of accounts"},
        {"egiz-accounts 1\nend\n", 2, "number of accounts"},
        {"egiz-accounts 1\nend 0\naccount a device\n", 3, "follows the closing line"},
        {"egiz-accounts 2\nend 0\n", 1, "first line is not"},
        {"account a device\nend 1\n", 1, "first line is not"},
        {"egiz-accounts 1\nuser a\nend 0\n", 2, "neither account nor end"},
        {"egiz-accounts 1\naccount\nend 0\n", 2, "name is missing"},
        {"egiz-accounts 1\naccount a\nend 1\n", 2, "kind is not"},
        {"egiz-accounts 1\naccount a robot\nend 1\n", 2, "kind is not"},
        {"egiz-accounts 1\naccount -a device\nend 1\n", 2, "name is not valid"},
        {"egiz-accounts 1\naccount a/b device\nend 1\n", 2, "name is not valid"},
        {"egiz-accounts 1\naccount a device rate=0\nend 1\n", 2, "rate is neither"},
        {"egiz-accounts 1\naccount a device rate=-1\nend 1\n", 2, "rate is neither"},
        {"egiz-accounts 1\naccount a device rate=1000001\nend 1\n", 2, "rate is neither"},
        {"egiz-accounts 1\naccount a device burst=\nend 1\n", 2, "burst is no number"},
        {"egiz-accounts 1\naccount a device rate=1 rate=2\nend 1\n", 2, "each once"},
        {"egiz-accounts 1\naccount a device fast\nend 1\n", 2, "each once"},
        {"egiz-accounts 1\naccount a device \nend 1\n", 2, "each once"},
        {"egiz-accounts 1\naccount a device\naccount a client\nend 2\n", 0, "account a is there twice"},
    };
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        struct text_error error = {0};
        struct accounts *accounts = parse(wrong[i].text, &error);
        CHECK(accounts == NULL);
        CHECK_INT(wrong[i].line, error.line);
        CHECK_HAS(wrong[i].what, error.what);
        accounts_free(accounts);
    }
}

static void ten_thousand(void) {
    char *text = malloc(1 << 20);
    size_t len = (size_t)sprintf(text, "egiz-accounts 1\n");
    for (int i = 0; i < 10000; i++) {
        len += (size_t)sprintf(text + len, "account board-%05d device rate=%d\n", i, i + 1);
    }
    len += (size_t)sprintf(text + len, "end 10000\n");
    struct text_error error = {0};
    struct accounts *a = accounts_parse(text, len, &error);
    for (int i = 0; i < 10000; i += 37) {
        char name[20];
        snprintf(name, sizeof name, "board-%05d", i);
        CHECK_INT(i + 1, accounts_find(a, name)->rate);
    }
    accounts_free(a);
}

static void numbers(void) {
    uint32_t n = 7;
    CHECK(number_parse("0", 0, 5, &n) && n == 0);
    CHECK(number_parse("4294967295", 0, UINT32_MAX, &n) && n == UINT32_MAX);
    const char *bad[] = {"", "-1", "+1", " 1", "1 ", "0x1", "6", "4294967296", "99999999999999999999"};
    n = 3;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) CHECK(!number_parse(bad[i], 0, 5, &n));
    CHECK_INT(3, n);
}

const struct test accounts_tests[] = {
    {"accounts: kinds and limits", kinds_and_limits},
    {"accounts: which client ids fit", client_ids},
    {"accounts: wrong files are refused with line and reason", wrong_files},
    {"accounts: ten thousand are found", ten_thousand},
    {"number: decimal and in range or not at all", numbers},
    {NULL, NULL},
};
