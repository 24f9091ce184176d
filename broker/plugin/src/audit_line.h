/* One audit event: as the guard tells it, as it waits in the ring (copied and
 * cut to size), and as a line of JSON. The fields are described in README.md. */
#ifndef GUARD_AUDIT_LINE_H
#define GUARD_AUDIT_LINE_H

#include <stddef.h>
#include <stdint.h>
#include <time.h>

/* No field can make a line longer than this. */
#define AUDIT_LINE_MAX 8192

/* What happened. NULL texts and zero numbers are left out of the line. */
struct audit_event {
    const char *event;
    const char *account;
    const char *client_id;
    const char *address;
    const char *tls;
    const char *reason;
    const char *access;
    const char *topic;
    const char *by_account;
    const char *by_address;
    int protocol; /* MQTT 3, 4 (3.1.1) or 5 */
    uint64_t count;
};

struct audit_record {
    struct timespec at;
    uint64_t seq;
    uint64_t count;
    int protocol;
    char event[20];
    char tls[12];
    char access[12];
    char account[128];
    char client_id[128];
    char address[64];
    char by_account[128];
    char by_address[64];
    char reason[192];
    char topic[256];
};

/* Copies the event, texts cut at the end of a UTF-8 character. */
void audit_record_fill(struct audit_record *record, const struct audit_event *event, uint64_t seq);

/* Writes the record as one JSON line with its newline; returns its length.
 * `size` must be at least AUDIT_LINE_MAX. Bytes that are no UTF-8 become
 * U+FFFD: the line is valid JSON whatever a client sent. */
size_t audit_format(const struct audit_record *record, char *line, size_t size);

#endif
