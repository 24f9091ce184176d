/* What the tests of the whole guard share. */
#ifndef GUARD_TEST_H
#define GUARD_TEST_H

#include "check.h"
#include "fake_broker.h"

#include <stdlib.h>

#define RIGHTS "user dev\ntopic write a/dev\ntopic read cmd/dev\nuser svc\ntopic read a/#\n"
#define ACCOUNTS "egiz-accounts 1\naccount dev device rate=5 burst=5\naccount svc service\nend 2\n"
#define READ MOSQ_ACL_READ
#define WRITE MOSQ_ACL_WRITE
#define SUBSCRIBE MOSQ_ACL_SUBSCRIBE
#define OK MOSQ_ERR_PLUGIN_DEFER
#define DENIED MOSQ_ERR_ACL_DENIED
#define QUOTA (-6)
#define SECOND 1000000000u

static inline size_t count_of(const char *text, const char *part) {
    size_t count = 0;
    for (const char *s = text; (s = strstr(s, part)) != NULL; s++) count++;
    return count;
}

static inline void events(const char *audit, const char *kind, size_t expected) {
    char part[64];
    snprintf(part, sizeof part, "\"event\":\"%s\"", kind);
    if (count_of(audit, part) != expected) printf("%s", audit);
    CHECK_INT(expected, count_of(audit, part));
}

#endif
