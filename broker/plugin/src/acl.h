/* The rights: who may publish, receive and subscribe to what. Reads the same
 * acl_file as Mosquitto, more strictly, and answers what Mosquitto does not:
 * whether a subscription is covered. */
#ifndef GUARD_ACL_H
#define GUARD_ACL_H

#include "str_table.h"
#include "text_file.h"
#include "topic.h"

#include <stdint.h>

enum acl_access { ACL_DENY = 0, ACL_READ = 1, ACL_WRITE = 2 };

struct acl_rule {
    const char *filter;
    uint8_t access; /* ACL_READ | ACL_WRITE, or ACL_DENY */
    bool wild;
};

/* Deny rules first, as Mosquitto tries them. */
struct acl_rules {
    struct acl_rule *list;
    size_t count;
    size_t room;
};

struct acl_account {
    const char *name; /* NULL: clients without a name */
    struct acl_rules rules;
};

struct acl {
    char *text; /* the file; every name and filter points into it */
    struct str_table accounts;
    struct acl_account nameless;
    struct acl_rules patterns;
    size_t rule_count;
};

/* Takes over `text` in every case. NULL with the error filled in when any
 * line is wrong: there is no half-loaded set of rights. */
struct acl *acl_parse(char *text, size_t len, struct text_error *error);

void acl_free(struct acl *acl);

/* The rules of an account (NULL name: nameless clients); NULL when it has
 * none of its own. The answer lives as long as the acl. */
const struct acl_account *acl_find(const struct acl *acl, const char *name);

/* May a client of this account publish to (ACL_WRITE) or receive from
 * (ACL_READ) the topic? Its own rules come before the patterns. */
bool acl_permits(const struct acl *acl, const struct acl_account *account,
                 const struct topic_names *names, const char *topic, enum acl_access access);

/* May it subscribe to the filter (given as sent, `$share/GROUP/` included)?
 * Yes when one read rule covers all of it and no deny rule touches it. */
bool acl_permits_subscription(const struct acl *acl, const struct acl_account *account,
                              const struct topic_names *names, const char *filter);

#endif
