/* The audit log: the broker's thread drops events into a bounded ring and goes
 * on; a thread of its own writes them. When the ring is full events are
 * dropped, counted, and the log says how many. */
#ifndef GUARD_AUDIT_H
#define GUARD_AUDIT_H

#include "audit_line.h"

#include <pthread.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Where lines go. Called from the audit thread only. `write` takes one whole
 * line and may keep it until `flush`; both return how many lines were lost
 * just now, earlier ones included. */
struct audit_sink {
    void *self;
    size_t (*write)(void *self, const char *line, size_t len);
    size_t (*flush)(void *self);
    void (*reopen)(void *self);
};

struct audit {
    struct audit_sink sink;
    struct audit_record *ring;
    size_t mask;
    atomic_size_t head; /* next to write: the broker's thread */
    atomic_size_t tail; /* next to read: the audit thread */
    atomic_uint_fast64_t handled; /* events taken from the ring */
    atomic_uint_fast64_t dropped; /* ring full, or the sink lost them */
    atomic_bool failing; /* the sink refuses lines */
    atomic_bool reopen;
    atomic_bool stop;
    uint64_t seq;  /* the broker's thread */
    uint64_t said;   /* the audit thread: drops already told */
    uint64_t notice; /* drops told by a line that is not flushed yet */
    size_t round_lines; /* of one round of writing */
    bool round_lost;
    sem_t wake;
    pthread_t thread;
    bool running;
};

/* `slots` is rounded up to a power of two. False when the thread or memory
 * cannot be had. */
bool audit_start(struct audit *audit, struct audit_sink sink, size_t slots);

/* Never waits. False when the event was dropped. */
bool audit_push(struct audit *audit, const struct audit_event *event);

/* The file is opened anew before the next line (after a log rotation by
 * others). */
void audit_reopen(struct audit *audit);

/* Writes what is queued, waiting at most `seconds` for a stuck disk. Returns
 * false when the thread is stuck: then the audit must not be freed. */
bool audit_stop(struct audit *audit, unsigned seconds);

#endif
