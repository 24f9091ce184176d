#include "check.h"
#include "topic.h"

static void valid_filters(void) {
    const char *good[] = {"a", "a/b", "+", "#", "a/+", "a/#", "+/+/#", "/", "a//b", "$SYS/#"};
    const char *bad[] = {"", "a+", "+a", "a#", "#/a", "a/#/b", "a/b+/c", "##", "++"};
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        CHECK(topic_filter_valid(good[i], strlen(good[i])));
    }
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        CHECK(!topic_filter_valid(bad[i], strlen(bad[i])));
    }
    CHECK(!topic_filter_valid("a\0b", 3));
}

static void matching(void) {
    CHECK(topic_matches("a/b", "a/b", NULL));
    CHECK(topic_matches("a/+", "a/", NULL));
    CHECK(topic_matches("a/#", "a", NULL));
    CHECK(topic_matches("#", "a/b/c", NULL));
    CHECK(topic_matches("$SYS/#", "$SYS/x", NULL));
    CHECK(!topic_matches("#", "$SYS/x", NULL));
    CHECK(!topic_matches("+/x", "$SYS/x", NULL));
    CHECK(!topic_matches("a/+", "a", NULL));
    CHECK(!topic_matches("a", "a/b", NULL));
    CHECK(!topic_matches("a/b/c", "a/b", NULL));
}

static void names_stand_for_levels(void) {
    struct topic_names names = {"bob", "bob-1"};
    CHECK(topic_matches("in/%u/#", "in/bob/x", &names));
    CHECK(topic_matches("in/%c", "in/bob-1", &names));
    CHECK(!topic_matches("in/%u", "in/%u", &names));
    CHECK(topic_matches("in/%u", "in/%u", NULL));
    CHECK(topic_covers("in/%u/#", "in/bob/+", &names));
    CHECK(!topic_covers("in/%u/#", "in/+/x", &names));
    CHECK(topic_overlaps("in/%u/x", "in/+/x", &names));
    struct topic_names nobody = {NULL, "c"};
    CHECK(!topic_matches("in/%u", "in/", &nobody));
    CHECK(!topic_overlaps("in/%u", "in/+", &nobody));
    struct topic_names wild = {"+", "#"};
    CHECK(!topic_covers("in/%u", "in/+", &wild));
    CHECK(!topic_name_is_plain("a/b"));
    CHECK(!topic_name_is_plain("+"));
    CHECK(topic_name_is_plain("tenant.client-1_x"));
}

static void shared_subscriptions(void) {
    CHECK_TEXT("a/#", topic_unshare("$share/g/a/#"));
    CHECK_TEXT("/a", topic_unshare("$share/g//a"));
    CHECK_TEXT("$shared/x", topic_unshare("$shared/x"));
    CHECK_TEXT("a", topic_unshare("a"));
    const char *bad[] = {"$share", "$share/", "$share/g", "$share/g/", "$share//a", "$share/+/a",
                         "$share/g#/a"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) CHECK(topic_unshare(bad[i]) == NULL);
}

/* Every filter and topic of up to three (four) levels over a small alphabet:
 * the two questions are checked against matching itself. */
#define WORDS 6
static const char *const words[WORDS] = {"a", "", "$s", "b", "+", "#"};

static bool nth(char *out, size_t n, size_t words_used, size_t max_levels) {
    out[0] = '\0';
    for (size_t levels = 1, block = words_used; levels <= max_levels; levels++, block *= words_used) {
        if (n >= block) {
            n -= block;
            continue;
        }
        for (size_t i = 0; i < levels; i++, n /= words_used) {
            if (i > 0) strcat(out, "/");
            strcat(out, words[n % words_used]);
        }
        return true;
    }
    return false;
}

#define FILTERS (6 + 36 + 216)
#define TOPICS (4 + 16 + 64 + 256)

static void check_pair(const char *rule, const char *filter) {
    bool all = true;
    bool some = false;
    bool any = false;
    char topic[32];
    for (size_t t = 0; t < TOPICS; t++) {
        if (!nth(topic, t, 4, 4) || !topic_matches(filter, topic, NULL)) continue;
        any = true;
        if (topic_matches(rule, topic, NULL)) some = true;
        else all = false;
    }
    if (topic_covers(rule, filter, NULL) && !all) {
        printf("    %s does not cover %s\n", rule, filter);
        CHECK(false);
    }
    if (topic_overlaps(rule, filter, NULL) != some) {
        printf("    %s and %s: overlap is %d\n", rule, filter, some);
        CHECK(false);
    }
    /* The one cover that is not seen: `+/#` is as wide as `#`. */
    if (any && all && !topic_covers(rule, filter, NULL) && strstr(rule, "+/#") == NULL) {
        printf("    %s covers %s and it was not seen\n", rule, filter);
        CHECK(false);
    }
}

static void questions_agree_with_matching(void) {
    char rule[32];
    char filter[32];
    for (size_t r = 0; r < FILTERS; r++) {
        if (!nth(rule, r, 6, 3) || !topic_filter_valid(rule, strlen(rule))) continue;
        for (size_t f = 0; f < FILTERS; f++) {
            if (!nth(filter, f, 6, 3) || !topic_filter_valid(filter, strlen(filter))) continue;
            check_pair(rule, filter);
            if (check_failures > 5) return;
        }
    }
}

const struct test topic_tests[] = {
    {"topic: which filters are valid", valid_filters},
    {"topic: what a filter matches", matching},
    {"topic: %u and %c stand for whole levels", names_stand_for_levels},
    {"topic: the filter behind $share", shared_subscriptions},
    {"topic: covers and overlaps agree with matching, exhaustively", questions_agree_with_matching},
    {NULL, NULL},
};
