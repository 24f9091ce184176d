#define _GNU_SOURCE /* pthread_timedjoin_np */
#include "audit.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static void account_for(struct audit *audit, size_t lost) {
    if (lost == 0) return;
    audit->round_lost = true;
    if (audit->notice > 0) {
        /* The notice is lost with the rest: say it again later, and do not
         * count it as an event. */
        audit->said -= audit->notice;
        audit->notice = 0;
        lost--;
    }
    atomic_fetch_add(&audit->dropped, lost);
}

static void write_line(struct audit *audit, const struct audit_record *record) {
    char line[AUDIT_LINE_MAX];
    size_t len = audit_format(record, line, sizeof line);
    size_t lost = audit->sink.write(audit->sink.self, line, len);
    account_for(audit, lost);
    audit->round_lines++;
}

/* Says how many events are missing before the events after them. */
static void say_drops(struct audit *audit) {
    uint64_t dropped = atomic_load(&audit->dropped);
    if (dropped == audit->said) return;
    struct audit_record record;
    struct audit_event event = {
        .event = "audit_dropped",
        .reason = "events came faster than they could be written",
        .count = dropped - audit->said,
    };
    audit_record_fill(&record, &event, 0);
    audit->notice = event.count;
    audit->said = dropped;
    write_line(audit, &record);
}

static void drain(struct audit *audit) {
    audit->round_lines = 0;
    audit->round_lost = false;
    if (atomic_exchange(&audit->reopen, false)) audit->sink.reopen(audit->sink.self);
    say_drops(audit);
    size_t tail = atomic_load_explicit(&audit->tail, memory_order_relaxed);
    while (tail != atomic_load_explicit(&audit->head, memory_order_acquire)) {
        write_line(audit, &audit->ring[tail & audit->mask]);
        atomic_fetch_add(&audit->handled, 1);
        atomic_store_explicit(&audit->tail, ++tail, memory_order_release);
    }
    account_for(audit, audit->sink.flush(audit->sink.self));
    audit->notice = 0;
    /* A round without lines says nothing about the disk. */
    if (audit->round_lost) atomic_store(&audit->failing, true);
    else if (audit->round_lines > 0) atomic_store(&audit->failing, false);
}

static void *run(void *arg) {
    struct audit *audit = arg;
    for (;;) {
        bool last = atomic_load(&audit->stop);
        drain(audit);
        if (last) return NULL;
        struct timespec until;
        clock_gettime(CLOCK_REALTIME, &until);
        until.tv_sec += 1;
        while (sem_timedwait(&audit->wake, &until) != 0 && errno == EINTR) continue;
        /* One round writes all there is: the other wake-ups are done too. */
        while (sem_trywait(&audit->wake) == 0) continue;
    }
}

static int start_thread(struct audit *audit) {
    /* The broker's signals are for the broker's thread. */
    sigset_t all;
    sigset_t before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int rc = pthread_create(&audit->thread, NULL, run, audit);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return rc;
}

bool audit_start(struct audit *audit, struct audit_sink sink, size_t slots) {
    memset(audit, 0, sizeof *audit);
    size_t size = 2;
    while (size < slots) size *= 2;
    audit->sink = sink;
    audit->mask = size - 1;
    audit->ring = calloc(size, sizeof *audit->ring);
    if (audit->ring == NULL || sem_init(&audit->wake, 0, 0) != 0) {
        free(audit->ring);
        return false;
    }
    audit->running = start_thread(audit) == 0;
    if (!audit->running) {
        sem_destroy(&audit->wake);
        free(audit->ring);
    }
    return audit->running;
}

bool audit_push(struct audit *audit, const struct audit_event *event) {
    if (!audit->running) return true;
    uint64_t seq = ++audit->seq;
    size_t head = atomic_load_explicit(&audit->head, memory_order_relaxed);
    if (head - atomic_load_explicit(&audit->tail, memory_order_acquire) > audit->mask) {
        atomic_fetch_add(&audit->dropped, 1);
        return false;
    }
    audit_record_fill(&audit->ring[head & audit->mask], event, seq);
    atomic_store_explicit(&audit->head, head + 1, memory_order_release);
    sem_post(&audit->wake);
    return true;
}

void audit_reopen(struct audit *audit) {
    if (!audit->running) return;
    atomic_store(&audit->reopen, true);
    sem_post(&audit->wake);
}

bool audit_stop(struct audit *audit, unsigned seconds) {
    if (!audit->running) return true;
    audit->running = false;
    atomic_store(&audit->stop, true);
    sem_post(&audit->wake);
    struct timespec until;
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += seconds;
    if (pthread_timedjoin_np(audit->thread, NULL, &until) != 0) return false;
    sem_destroy(&audit->wake);
    free(audit->ring);
    audit->ring = NULL;
    return true;
}
