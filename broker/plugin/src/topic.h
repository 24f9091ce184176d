/* MQTT topic filters: validity, matching, and the two questions a SUBSCRIBE
 * raises: does a rule cover the whole filter, and does a rule touch it at all.
 * MQTT 5.0 section 4.7; `$` topics as Mosquitto's acl_file treats them. */
#ifndef GUARD_TOPIC_H
#define GUARD_TOPIC_H

#include <stdbool.h>
#include <stddef.h>

#define TOPIC_MAX 65535

/* What %u and %c stand for in a pattern rule. A NULL name makes every rule
 * that asks for it match nothing. */
struct topic_names {
    const char *user;
    const char *client;
};

/* `+` and `#` only as whole levels, `#` only last; 1 to 65535 bytes. */
bool topic_filter_valid(const char *filter, size_t len);

/* True when the filter has + or #. */
bool topic_has_wildcard(const char *filter);

/* True when `rule` matches the topic name. `names` is NULL for plain rules;
 * otherwise a rule level that is exactly %u or %c stands for that name. */
bool topic_matches(const char *rule, const char *topic, const struct topic_names *names);

/* True when every topic that `filter` can match is matched by `rule`. */
bool topic_covers(const char *rule, const char *filter, const struct topic_names *names);

/* True when some topic is matched by both. */
bool topic_overlaps(const char *rule, const char *filter, const struct topic_names *names);

/* The filter behind `$share/GROUP/`, or the argument itself when it is no
 * shared subscription, or NULL when it is a malformed one. */
const char *topic_unshare(const char *filter);

/* A name that holds a wildcard or a separator could widen a pattern rule. */
bool topic_name_is_plain(const char *name);

#endif
