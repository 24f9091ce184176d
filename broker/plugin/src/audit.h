/* The audit log: the broker drops events into a bounded ring and goes on; a
 * process of its own writes them. When the ring is full events are dropped,
 * counted, and the log says how many.
 *
 * A process, not a thread: a second thread would make every allocation and
 * every system call of the single-threaded broker dearer (measured: more than
 * all the rest of the guard costs). */
#ifndef GUARD_AUDIT_H
#define GUARD_AUDIT_H

#include "audit_line.h"

#include <semaphore.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* Where lines go. Called in the writer's process only. `write` takes one whole
 * line and may keep it until `flush`; both return how many lines were lost
 * just now, earlier ones included. `reopen` gives up whatever is open. */
struct audit_sink {
    void *self;
    size_t (*write)(void *self, const char *line, size_t len);
    size_t (*flush)(void *self);
    void (*reopen)(void *self);
};

/* What the two processes share. */
struct audit_ring {
    atomic_size_t head; /* next to write: the broker */
    atomic_size_t tail; /* next to read: the writer */
    atomic_uint_fast64_t handled; /* events taken from the ring */
    atomic_uint_fast64_t dropped; /* ring full, or the sink lost them */
    atomic_bool failing; /* the sink loses lines */
    atomic_bool reopen;
    atomic_bool stop;
    sem_t wake;
    uint64_t said; /* the writer's: drops already told */
    size_t mask;
    struct audit_record records[];
};

struct audit {
    struct audit_sink sink;
    struct audit_ring *ring; /* NULL: not running */
    size_t size;
    pid_t writer;
    uint64_t seq;
};

/* `slots` is rounded up to a power of two. False when the process or memory
 * cannot be had. */
bool audit_start(struct audit *audit, struct audit_sink sink, size_t slots);

/* Never waits. False when the event was dropped. */
bool audit_push(struct audit *audit, const struct audit_event *event);

/* The file is opened anew before the next line (after a log rotation by
 * others). */
void audit_reopen(struct audit *audit);

/* Starts the writer again if something has killed it; true when it had to. */
bool audit_revive(struct audit *audit);

uint64_t audit_written(const struct audit *audit);
uint64_t audit_dropped(const struct audit *audit);
bool audit_failing(const struct audit *audit);

/* Has what is queued written; a disk that hangs longer than `seconds` is left
 * to the writer, which ends by itself. */
void audit_stop(struct audit *audit, unsigned seconds);

#endif
