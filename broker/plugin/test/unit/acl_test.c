#include "acl.h"
#include "check.h"

#include <stdlib.h>

static struct acl *parse(const char *text, struct text_error *error) {
    return acl_parse(strdup(text), strlen(text), error);
}

static struct acl *good(const char *text) {
    struct text_error error = {0};
    struct acl *acl = parse(text, &error);
    CHECK_TEXT("", error.what);
    return acl;
}

static bool may(const struct acl *acl, const char *user, const char *topic, enum acl_access access) {
    struct topic_names names = {user, user == NULL ? "anon" : user};
    return acl_permits(acl, acl_find(acl, user), &names, topic, access);
}

static bool may_subscribe(const struct acl *acl, const char *user, const char *filter) {
    struct topic_names names = {user, user == NULL ? "anon" : user};
    return acl_permits_subscription(acl, acl_find(acl, user), &names, filter);
}

static void own_rules(void) {
    struct acl *acl = good("# c\ntopic read open/#\n\nuser bob\ntopic write a/b\ntopic read c/+\n"
                           "topic readwrite d\nuser eve\nuser bob\ntopic read e/#\n");
    CHECK(may(acl, "bob", "a/b", ACL_WRITE));
    CHECK(!may(acl, "bob", "a/b", ACL_READ));
    CHECK(may(acl, "bob", "c/x", ACL_READ));
    CHECK(may(acl, "bob", "d", ACL_READ) && may(acl, "bob", "d", ACL_WRITE));
    CHECK(may(acl, "bob", "e", ACL_READ));
    CHECK(!may(acl, "bob", "open/x", ACL_READ));
    CHECK(!may(acl, "eve", "a/b", ACL_WRITE));
    CHECK(!may(acl, "nobody", "a/b", ACL_WRITE));
    CHECK(may(acl, NULL, "open/x", ACL_READ));
    CHECK_INT(5, acl->rule_count);
    acl_free(acl);
}

static void deny_comes_first(void) {
    struct acl *acl = good("user bob\ntopic readwrite a/#\ntopic deny a/secret/#\n"
                           "pattern deny a/open\npattern read b/#\npattern deny b/x\n");
    CHECK(may(acl, "bob", "a/x", ACL_WRITE));
    CHECK(!may(acl, "bob", "a/secret", ACL_READ));
    CHECK(!may(acl, "bob", "a/secret/y", ACL_WRITE));
    /* A pattern cannot take back what the account itself has. */
    CHECK(may(acl, "bob", "a/open", ACL_READ));
    CHECK(may(acl, "bob", "b/y", ACL_READ));
    CHECK(!may(acl, "bob", "b/x", ACL_READ));
    acl_free(acl);
}

static void subscriptions(void) {
    struct acl *acl = good("user bob\ntopic read a/#\ntopic write w/#\ntopic deny a/secret/+\n"
                           "topic read a1/b\ntopic read a1/c\npattern read in/%u/#\n");
    CHECK(may_subscribe(acl, "bob", "a/x/#"));
    CHECK(!may_subscribe(acl, "bob", "a/#"));
    CHECK(!may_subscribe(acl, "bob", "a/secret/1"));
    CHECK(may_subscribe(acl, "bob", "a/secret"));
    CHECK(!may_subscribe(acl, "bob", "w/x"));
    CHECK(!may_subscribe(acl, "bob", "a1/+"));
    CHECK(!may_subscribe(acl, "bob", "#"));
    CHECK(!may_subscribe(acl, "bob", "$SYS/#"));
    CHECK(may_subscribe(acl, "bob", "$share/g/a1/b"));
    CHECK(!may_subscribe(acl, "bob", "$share/g/#"));
    CHECK(!may_subscribe(acl, "bob", "$share/a1/b"));
    CHECK(may_subscribe(acl, "bob", "in/bob/+"));
    CHECK(!may_subscribe(acl, "bob", "in/eve/+"));
    CHECK(!may_subscribe(acl, NULL, "in/anon/+"));
    acl_free(acl);
}

static void dangerous_names_get_no_pattern(void) {
    struct acl *acl = good("user +\ntopic read own\npattern read in/%u/x\npattern read id/%c\n");
    CHECK(may(acl, "+", "own", ACL_READ));
    CHECK(!may(acl, "+", "in/+/x", ACL_READ));
    struct topic_names names = {"bob", "a/b"};
    CHECK(!acl_permits(acl, NULL, &names, "in/bob/x", ACL_READ));
    acl_free(acl);
}

struct wrong {
    const char *text;
    size_t line;
    const char *what;
};

static void wrong_files(void) {
    const struct wrong wrong[] = {
        {"user a\ntopic read x", 2, "half written"},
        {"user a\n\ttopic read x\n", 2, "control character 0x09"},
        {"user a\r\n", 1, "control character 0x0d"},
        {"users a\n", 1, "neither user, topic nor pattern"},
        {" user a\n", 1, "neither user, topic nor pattern"},
        {"user\n", 1, "missing or untidy"},
        {"user \n", 1, "missing or untidy"},
        {"user a \n", 1, "missing or untidy"},
        {"topic\n", 1, "are missing"},
        {"topic a/b\n", 1, "not read, write, readwrite or deny"},
        {"topic read\n", 1, "topic is missing"},
        {"topic read \n", 1, "topic is missing"},
        {"topic read  a\n", 1, "begins or ends with a space"},
        {"topic read a \n", 1, "begins or ends with a space"},
        {"topic Read a\n", 1, "not read, write, readwrite or deny"},
        {"topic read a/#/b\n", 1, "no valid filter"},
        {"topic read a # why\n", 1, "no valid filter"},
        {"topic read $share/g/a\n", 1, "not a $share group"},
        {"topic read a/%u\n", 1, "for pattern lines"},
        {"pattern read a/x%u\n", 1, "not a whole level"},
        {"pattern read a/%c1\n", 1, "not a whole level"},
        {"# egiz-acl 1\nuser a\ntopic read x\n", 3, "half written"},
        {"# egiz-acl 1\n# end\nuser a\n", 3, "half written"},
    };
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        struct text_error error = {0};
        struct acl *acl = parse(wrong[i].text, &error);
        CHECK(acl == NULL);
        CHECK_INT(wrong[i].line, error.line);
        CHECK_HAS(wrong[i].what, error.what);
        acl_free(acl);
    }
}

static void whole_files(void) {
    acl_free(good(""));
    acl_free(good("# egiz-acl 1\nuser a\ntopic read x y\n# end\n"));
    struct text_error error = {0};
    struct acl *acl = acl_parse(memcpy(malloc(4), "a\0b\n", 4), 4, &error);
    CHECK(acl == NULL);
    CHECK_HAS("0x00", error.what);
}

/* A file cut off at any byte is refused or gives nobody more than before. */
static void cut_anywhere(void) {
    const char *text = "# egiz-acl 1\nuser bob\ntopic deny a/x\ntopic read a/+\n# end\n";
    for (size_t len = 1; len < strlen(text); len++) {
        struct text_error error = {0};
        char *part = strndup(text, len);
        struct acl *acl = acl_parse(part, len, &error);
        CHECK(acl == NULL);
        acl_free(acl);
    }
}

const struct test acl_tests[] = {
    {"acl: an account's own rules", own_rules},
    {"acl: deny comes first, patterns last", deny_comes_first},
    {"acl: which subscriptions are covered", subscriptions},
    {"acl: a name with wildcards gets no pattern right", dangerous_names_get_no_pattern},
    {"acl: wrong files are refused with line and reason", wrong_files},
    {"acl: whole files are read", whole_files},
    {"acl: a file cut off anywhere is refused", cut_anywhere},
    {NULL, NULL},
};
