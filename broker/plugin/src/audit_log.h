/* The audit log's file: appended to in batches, rotated by size to PATH.1 ...
 * PATH.N, so that it never takes more than (N + 1) * max bytes. */
#ifndef GUARD_AUDIT_LOG_H
#define GUARD_AUDIT_LOG_H

#include "audit.h"

struct audit_log {
    char *path;
    int fd; /* -1: not open */
    uint64_t size;
    uint64_t max;
    unsigned keep;
    size_t used;
    char buffer[65536];
};

/* False, with errno set, when the file cannot be opened for appending. It is
 * only tried here; the first line opens it, in the writer's process. */
bool audit_log_open(struct audit_log *log, const char *path, uint64_t max, unsigned keep);

struct audit_sink audit_log_sink(struct audit_log *log);

void audit_log_close(struct audit_log *log);

#endif
