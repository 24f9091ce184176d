#define _GNU_SOURCE /* close_range */
#include "audit_writer.h"

#include <errno.h>
#include <signal.h>
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>

struct writer {
    struct audit_ring *ring;
    struct audit_sink sink;
    uint64_t notice; /* drops told by a line that is not flushed yet */
    size_t lines;    /* of this round */
    bool lost;
};

static void account_for(struct writer *w, size_t lost) {
    if (lost == 0) return;
    w->lost = true;
    if (w->notice > 0) {
        /* The notice is lost with the rest: say it again later, and do not
         * count it as an event. */
        w->ring->said -= w->notice;
        w->notice = 0;
        lost--;
    }
    atomic_fetch_add(&w->ring->dropped, lost);
}

static void write_line(struct writer *w, const struct audit_record *record) {
    char line[AUDIT_LINE_MAX];
    size_t len = audit_format(record, line, sizeof line);
    account_for(w, w->sink.write(w->sink.self, line, len));
    w->lines++;
}

/* Says how many events are missing before the events after them. */
static void say_drops(struct writer *w) {
    uint64_t dropped = atomic_load(&w->ring->dropped);
    if (dropped == w->ring->said) return;
    struct audit_record record;
    struct audit_event event = {
        .event = "audit_dropped",
        .reason = "events came faster than they could be written",
        .count = dropped - w->ring->said,
    };
    audit_record_fill(&record, &event, 0);
    w->notice = event.count;
    w->ring->said = dropped;
    write_line(w, &record);
}

static void drain(struct writer *w) {
    struct audit_ring *ring = w->ring;
    w->lines = 0;
    w->lost = false;
    if (atomic_exchange(&ring->reopen, false)) w->sink.reopen(w->sink.self);
    say_drops(w);
    size_t tail = atomic_load_explicit(&ring->tail, memory_order_relaxed);
    while (tail != atomic_load_explicit(&ring->head, memory_order_acquire)) {
        write_line(w, &ring->records[tail & ring->mask]);
        atomic_fetch_add(&ring->handled, 1);
        atomic_store_explicit(&ring->tail, ++tail, memory_order_release);
    }
    account_for(w, w->sink.flush(w->sink.self));
    w->notice = 0;
    /* A round without lines says nothing about the disk. */
    if (w->lost) atomic_store(&ring->failing, true);
    else if (w->lines > 0) atomic_store(&ring->failing, false);
}

static void wait_for_events(struct audit_ring *ring) {
    struct timespec until;
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += 1;
    while (sem_timedwait(&ring->wake, &until) != 0 && errno == EINTR) continue;
    /* One round writes all there is: the other wake-ups are done too. */
    while (sem_trywait(&ring->wake) == 0) continue;
}

/* A signal to the broker's whole group must not end the log before the broker
 * has said its last; and the broker's sockets must close when it closes them. */
static void leave_the_broker(struct writer *w) {
    sigset_t all;
    sigfillset(&all);
    sigprocmask(SIG_SETMASK, &all, NULL);
    prctl(PR_SET_NAME, "egiz-audit");
    w->sink.reopen(w->sink.self);
    close_range(3, ~0u, 0);
}

void audit_writer_run(struct audit_ring *ring, struct audit_sink sink, pid_t broker) {
    struct writer writer = {.ring = ring, .sink = sink};
    leave_the_broker(&writer);
    bool last;
    do {
        last = atomic_load(&ring->stop) || getppid() != broker;
        drain(&writer);
        if (!last) wait_for_events(ring);
    } while (!last);
    _exit(0);
}
