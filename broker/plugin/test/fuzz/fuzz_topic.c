/* Matching, covering and overlapping must agree. The input is squeezed into a
 * small alphabet, where filters meet each other often. */
#include "family.h"
#include "fuzz.h"
#include "topic.h"

#define PART 64

/* A part of the input up to a byte of 0xff, as topic text. */
static size_t take(const uint8_t *data, size_t size, char *out) {
    static const char alphabet[] = "ab/+#$%u/acb/+/#";
    size_t i = 0;
    for (; i < size && i < PART - 1 && data[i] != 0xff; i++) out[i] = alphabet[data[i] & 15];
    out[i] = '\0';
    return i < size && data[i] == 0xff ? i + 1 : i;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    char rule[PART];
    char filter[PART];
    char topic[PART];
    size_t used = take(data, size, rule);
    used += take(data + used, size - used, filter);
    take(data + used, size - used, topic);

    struct families families = {0};
    MUST(family_of(&families, topic) < FAMILIES);
    const char *inner = topic_unshare(filter);
    MUST(inner == NULL || (inner >= filter && inner < filter + PART));
    if (!topic_filter_valid(rule, strlen(rule)) || !topic_filter_valid(filter, strlen(filter))) return 0;
    if (topic_has_wildcard(topic)) return 0;

    struct topic_names names = {"a", "b"};
    bool rule_matches = topic_matches(rule, topic, &names);
    bool filter_matches = topic_matches(filter, topic, NULL);
    if (topic_covers(rule, filter, &names) && filter_matches) MUST(rule_matches);
    if (rule_matches && filter_matches) MUST(topic_overlaps(rule, filter, &names));
    if (topic_covers(rule, filter, &names)) MUST(topic_overlaps(rule, filter, &names));
    return 0;
}
