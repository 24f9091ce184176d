#define _GNU_SOURCE /* strchrnul */
#include "family.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#define LEVELS 6

struct levels {
    const char *text[LEVELS];
    size_t len[LEVELS];
    size_t count; /* LEVELS + 1: more than that */
};

static void split(struct levels *levels, const char *topic) {
    levels->count = 0;
    for (const char *s = topic;;) {
        size_t len = (size_t)(strchrnul(s, '/') - s);
        if (levels->count == LEVELS) {
            levels->count++;
            return;
        }
        levels->text[levels->count] = s;
        levels->len[levels->count++] = len;
        if (s[len] == '\0') return;
        s += len + 1;
    }
}

static bool is(const struct levels *levels, size_t i, const char *word) {
    size_t len = strlen(word);
    return i < levels->count && levels->len[i] == len && memcmp(levels->text[i], word, len) == 0;
}

static bool sensor_is_plain(const char *text, size_t len) {
    if (len == 0 || len >= FAMILY_SENSOR_LEN) return false;
    for (size_t i = 0; i < len; i++) {
        unsigned char c = (unsigned char)text[i];
        bool alnum = (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
        if (!alnum && c != '_' && c != '-') return false;
    }
    return true;
}

static size_t sensor_family(struct families *families, const char *text, size_t len) {
    /* SPEC section 2: two words for the same sensor type. */
    if (len == 7 && memcmp(text, "ambient", 7) == 0) {
        text = "environmental";
        len = 13;
    }
    if (len == 5 && memcmp(text, "other", 5) == 0) return FAMILY_SENSOR_OTHER;
    for (size_t i = 0; i < families->sensor_count; i++) {
        const char *known = families->sensors[i];
        if (strncmp(known, text, len) == 0 && known[len] == '\0') return FAMILY_SENSOR_FIRST + i;
    }
    if (families->sensor_count == FAMILY_SENSORS_MAX || !sensor_is_plain(text, len)) {
        return FAMILY_SENSOR_OTHER;
    }
    memcpy(families->sensors[families->sensor_count], text, len);
    families->sensors[families->sensor_count][len] = '\0';
    return FAMILY_SENSOR_FIRST + families->sensor_count++;
}

static size_t sensor_topic(struct families *families, const struct levels *l) {
    if (l->count == 6 && is(l, 5, "telemetry")) return sensor_family(families, l->text[4], l->len[4]);
    if (l->count == 6 && is(l, 5, "status")) return FAMILY_STATUS;
    if (l->count == 5 && is(l, 4, "status")) return FAMILY_STATUS;
    if (l->count == 5 && is(l, 4, "command")) return FAMILY_COMMAND;
    return FAMILY_OTHER;
}

static size_t client_topic(const struct levels *l) {
    if (!is(l, 2, "clients")) return FAMILY_OTHER;
    if (l->count == 6 && is(l, 4, "commands") && is(l, 5, "config")) return FAMILY_CLIENT_CONFIG;
    if (l->count == 5 && is(l, 4, "status")) return FAMILY_CLIENT_STATUS;
    if (l->count > 6 && is(l, 4, "telemetry")) return FAMILY_CLIENT_TELEMETRY;
    if (l->count > 6 && is(l, 4, "meta")) return FAMILY_CLIENT_META;
    return FAMILY_OTHER;
}

size_t family_of(struct families *families, const char *topic) {
    struct levels levels;
    split(&levels, topic);
    if (is(&levels, 0, "openegiz")) return sensor_topic(families, &levels);
    if (is(&levels, 0, "tenants")) return client_topic(&levels);
    return FAMILY_OTHER;
}

void family_name(const struct families *families, size_t family, char *name, size_t size) {
    static const char *const fixed[] = {
        [FAMILY_OTHER] = "other",
        [FAMILY_STATUS] = "status",
        [FAMILY_COMMAND] = "command",
        [FAMILY_CLIENT_CONFIG] = "clients/config",
        [FAMILY_CLIENT_STATUS] = "clients/status",
        [FAMILY_CLIENT_TELEMETRY] = "clients/telemetry",
        [FAMILY_CLIENT_META] = "clients/meta",
        [FAMILY_SENSOR_OTHER] = "telemetry/other",
    };
    if (family < FAMILY_SENSOR_FIRST) {
        snprintf(name, size, "%s", fixed[family]);
    } else {
        snprintf(name, size, "telemetry/%s", families->sensors[family - FAMILY_SENSOR_FIRST]);
    }
}

size_t family_count(const struct families *families) {
    return FAMILY_SENSOR_FIRST + families->sensor_count;
}
