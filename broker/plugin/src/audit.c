#define _GNU_SOURCE /* MAP_ANONYMOUS */
#include "audit.h"

#include "audit_writer.h"

#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static bool start_writer(struct audit *audit) {
    pid_t broker = getpid();
    pid_t pid = fork();
    if (pid == 0) audit_writer_run(audit->ring, audit->sink, broker);
    audit->writer = pid;
    return pid > 0;
}

bool audit_start(struct audit *audit, struct audit_sink sink, size_t slots) {
    memset(audit, 0, sizeof *audit);
    size_t count = 2;
    while (count < slots) count *= 2;
    audit->sink = sink;
    audit->size = sizeof *audit->ring + count * sizeof audit->ring->records[0];
    void *shared = mmap(NULL, audit->size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (shared == MAP_FAILED) return false;
    audit->ring = shared; /* fresh pages are zero: an empty ring */
    audit->ring->mask = count - 1;
    if (sem_init(&audit->ring->wake, 1, 0) == 0 && start_writer(audit)) return true;
    munmap(shared, audit->size);
    audit->ring = NULL;
    return false;
}

bool audit_push(struct audit *audit, const struct audit_event *event) {
    struct audit_ring *ring = audit->ring;
    if (ring == NULL) return true;
    uint64_t seq = ++audit->seq;
    size_t head = atomic_load_explicit(&ring->head, memory_order_relaxed);
    if (head - atomic_load_explicit(&ring->tail, memory_order_acquire) > ring->mask) {
        atomic_fetch_add(&ring->dropped, 1);
        return false;
    }
    audit_record_fill(&ring->records[head & ring->mask], event, seq);
    atomic_store_explicit(&ring->head, head + 1, memory_order_release);
    sem_post(&ring->wake);
    return true;
}

void audit_reopen(struct audit *audit) {
    if (audit->ring == NULL) return;
    atomic_store(&audit->ring->reopen, true);
    sem_post(&audit->ring->wake);
}

static bool writer_is_gone(struct audit *audit) {
    if (audit->writer <= 0) return true;
    if (waitpid(audit->writer, NULL, WNOHANG) == 0) return false;
    audit->writer = 0;
    return true;
}

bool audit_revive(struct audit *audit) {
    if (audit->ring == NULL || !writer_is_gone(audit)) return false;
    start_writer(audit);
    return true;
}

uint64_t audit_written(const struct audit *audit) {
    return audit->ring == NULL ? 0 : atomic_load(&audit->ring->handled);
}

uint64_t audit_dropped(const struct audit *audit) {
    return audit->ring == NULL ? 0 : atomic_load(&audit->ring->dropped);
}

bool audit_failing(const struct audit *audit) {
    return audit->ring != NULL && atomic_load(&audit->ring->failing);
}

void audit_stop(struct audit *audit, unsigned seconds) {
    if (audit->ring == NULL) return;
    atomic_store(&audit->ring->stop, true);
    sem_post(&audit->ring->wake);
    struct timespec pause = {0, 5000000};
    for (unsigned i = 0; i < seconds * 200 && !writer_is_gone(audit); i++) nanosleep(&pause, NULL);
    /* A writer that is still at it has its own mapping. */
    munmap(audit->ring, audit->size);
    audit->ring = NULL;
}
