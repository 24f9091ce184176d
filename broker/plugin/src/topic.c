#define _GNU_SOURCE /* strchrnul: a third of strcspn's cost on short levels */
#include "topic.h"

#include <string.h>

/* One level of a filter or topic; `text` is NULL past the last one. */
struct level {
    const char *text;
    size_t len;
};

static struct level level_first(const char *s) {
    return (struct level){s, (size_t)(strchrnul(s, '/') - s)};
}

static struct level level_next(struct level l) {
    if (l.text[l.len] != '/') return (struct level){NULL, 0};
    return level_first(l.text + l.len + 1);
}

static bool level_is(struct level l, char c) {
    return l.len == 1 && l.text[0] == c;
}

/* The literal a rule level stands for; NULL text when it asks for a name that
 * the client does not have. */
static struct level level_literal(struct level rule, const struct topic_names *names) {
    if (names == NULL || rule.len != 2 || rule.text[0] != '%') return rule;
    const char *name = rule.text[1] == 'u' ? names->user
                     : rule.text[1] == 'c' ? names->client : rule.text;
    if (name == rule.text) return rule;
    return (struct level){name, name == NULL ? 0 : strlen(name)};
}

static bool literal_equals(struct level rule, struct level other, const struct topic_names *names) {
    struct level l = level_literal(rule, names);
    return l.text != NULL && l.len == other.len && memcmp(l.text, other.text, l.len) == 0;
}

bool topic_filter_valid(const char *filter, size_t len) {
    if (len == 0 || len > TOPIC_MAX || memchr(filter, '\0', len) != NULL) return false;
    for (size_t i = 0; i < len; i++) {
        if (filter[i] != '+' && filter[i] != '#') continue;
        bool starts = i == 0 || filter[i - 1] == '/';
        bool last = i + 1 == len;
        bool ends = filter[i] == '+' ? last || filter[i + 1] == '/' : last;
        if (!starts || !ends) return false;
    }
    return true;
}

bool topic_has_wildcard(const char *filter) {
    return strpbrk(filter, "+#") != NULL;
}

bool topic_name_is_plain(const char *name) {
    return strpbrk(name, "+#/") == NULL;
}

/* Wildcards never reach into `$` topics, and Mosquitto grants `$` topics only
 * to rules that begin with `$` themselves. */
static bool hidden_from(const char *rule, const char *other) {
    return other[0] == '$' && rule[0] != '$';
}

bool topic_matches(const char *rule, const char *topic, const struct topic_names *names) {
    if (hidden_from(rule, topic)) return false;
    struct level r = level_first(rule);
    struct level t = level_first(topic);
    while (r.text != NULL) {
        if (level_is(r, '#')) return true;
        if (t.text == NULL) return false;
        if (!level_is(r, '+') && !literal_equals(r, t, names)) return false;
        r = level_next(r);
        t = level_next(t);
    }
    return t.text == NULL;
}

bool topic_covers(const char *rule, const char *filter, const struct topic_names *names) {
    if (hidden_from(rule, filter)) return false;
    struct level r = level_first(rule);
    struct level f = level_first(filter);
    while (r.text != NULL) {
        if (level_is(r, '#')) return true;
        if (f.text == NULL || level_is(f, '#')) return false;
        if (!level_is(r, '+')) {
            if (level_is(f, '+') || !literal_equals(r, f, names)) return false;
        }
        r = level_next(r);
        f = level_next(f);
    }
    return f.text == NULL;
}

bool topic_overlaps(const char *rule, const char *filter, const struct topic_names *names) {
    bool wild_filter = filter[0] == '+' || filter[0] == '#';
    if (hidden_from(rule, filter) || (rule[0] == '$' && wild_filter)) return false;
    struct level r = level_first(rule);
    struct level f = level_first(filter);
    while (r.text != NULL && f.text != NULL) {
        if (level_is(r, '#') || level_is(f, '#')) return true;
        if (!level_is(r, '+')) {
            /* A missing name makes the rule empty, whatever the filter is. */
            if (level_literal(r, names).text == NULL) return false;
            if (!level_is(f, '+') && !literal_equals(r, f, names)) return false;
        }
        r = level_next(r);
        f = level_next(f);
    }
    if (r.text == NULL && f.text == NULL) return true;
    /* `a/#` matches `a` too. */
    return r.text == NULL ? level_is(f, '#') : level_is(r, '#');
}

const char *topic_unshare(const char *filter) {
    if (strncmp(filter, "$share", 6) != 0 || (filter[6] != '/' && filter[6] != '\0')) return filter;
    if (filter[6] == '\0') return NULL;
    const char *group = filter + 7;
    size_t len = strcspn(group, "/+#");
    if (len == 0 || group[len] != '/' || group[len + 1] == '\0') return NULL;
    return group + len + 1;
}
