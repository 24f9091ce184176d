#define _GNU_SOURCE /* MAP_ANONYMOUS */
#include "audit.h"
#include "audit_log.h"
#include "check.h"

#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static char *line_of(const struct audit_event *event) {
    static char line[AUDIT_LINE_MAX];
    struct audit_record record;
    audit_record_fill(&record, event, 7);
    record.at = (struct timespec){1700000000, 5000000};
    line[audit_format(&record, line, sizeof line)] = '\0';
    return line;
}

static void lines_are_json(void) {
    struct audit_event event = {.event = "connect", .account = "a\"b\\c\x01\x7f\n", .client_id = "\xc3\xa9",
                                .protocol = 4, .count = 3, .tls = "TLSv1.3"};
    CHECK_TEXT("{\"time\":\"2023-11-14T22:13:20.005Z\",\"seq\":7,\"event\":\"connect\","
               "\"account\":\"a\\\"b\\\\c\\u0001\\u007f\\u000a\",\"client_id\":\"\xc3\xa9\","
               "\"mqtt\":\"3.1.1\",\"tls\":\"TLSv1.3\",\"count\":3}\n", line_of(&event));
}

static void bad_utf8_is_replaced(void) {
    const char *bad[] = {"\xff", "\xc0\x80", "\xed\xa0\x80", "\xf5\x80\x80\x80", "\xe0\x80\x80", "\xc3"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct audit_event event = {.event = "refused", .account = bad[i]};
        CHECK_HAS("\"account\":\"\\ufffd", line_of(&event));
    }
}

static void long_texts_are_cut_between_characters(void) {
    char text[400];
    for (size_t i = 0; i + 2 < sizeof text; i += 2) memcpy(text + i, "\xc3\xa9", 3);
    struct audit_event event = {.event = "refused", .account = text, .topic = text, .reason = text};
    const char *line = line_of(&event);
    CHECK(strstr(line, "ufffd") == NULL);
    memset(text, 1, sizeof text - 1);
    text[sizeof text - 1] = '\0';
    event = (struct audit_event){text, text, text, text, text, text, text, text, text, text, 5, 1};
    CHECK(strlen(line_of(&event)) < AUDIT_LINE_MAX);
}

const struct test line_tests[] = {
    {"audit line: one JSON object", lines_are_json},
    {"audit line: what is no UTF-8 is replaced", bad_utf8_is_replaced},
    {"audit line: long texts are cut between characters", long_texts_are_cut_between_characters},
    {NULL, NULL},
};

/* A disk that hangs until it is let go; shared with the writer's process. */
struct gate {
    sem_t open;
    char text[1 << 20];
    size_t len;
    size_t lose; /* that many writes fail */
};

static size_t gate_write(void *self, const char *line, size_t len) {
    struct gate *gate = self;
    while (sem_wait(&gate->open) != 0) continue;
    size_t lost = gate->lose > 0 ? 1 : 0;
    gate->lose -= lost;
    if (lost == 0) {
        memcpy(gate->text + gate->len, line, len);
        gate->len += len;
        gate->text[gate->len] = '\0';
    }
    sem_post(&gate->open);
    return lost;
}

static size_t gate_flush(void *self) {
    (void)self;
    return 0;
}

static void gate_reopen(void *self) {
    (void)self;
}

static struct gate *gate_new(struct audit *audit, size_t slots) {
    struct gate *gate = mmap(NULL, sizeof *gate, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    sem_init(&gate->open, 1, 1);
    CHECK(audit_start(audit, (struct audit_sink){gate, gate_write, gate_flush, gate_reopen}, slots));
    return gate;
}

static void gate_free(struct gate *gate) {
    sem_destroy(&gate->open);
    munmap(gate, sizeof *gate);
}

static size_t count_of(const char *text, const char *part) {
    size_t count = 0;
    for (const char *s = text; (s = strstr(s, part)) != NULL; s++) count++;
    return count;
}

static void a_hanging_disk_stops_nobody(void) {
    struct audit audit;
    struct gate *gate = gate_new(&audit, 16);
    struct audit_event event = {.event = "connect"};
    sem_wait(&gate->open);
    size_t taken = 0;
    for (int i = 0; i < 1000; i++) taken += audit_push(&audit, &event);
    CHECK(taken <= 18);
    CHECK_INT(1000 - taken, audit_dropped(&audit));
    sem_post(&gate->open);
    audit_stop(&audit, 10);
    CHECK_INT(taken, count_of(gate->text, "\"event\":\"connect\""));
    char notice[40];
    snprintf(notice, sizeof notice, "\"count\":%zu}", 1000 - taken);
    CHECK_HAS("\"event\":\"audit_dropped\"", gate->text);
    CHECK_HAS(notice, gate->text);
    gate_free(gate);
}

static void lost_lines_are_counted_and_said(void) {
    struct audit audit;
    struct gate *gate = gate_new(&audit, 64);
    struct audit_event event = {.event = "connect"};
    sem_wait(&gate->open); /* one round writes them all */
    gate->lose = 5;
    for (int i = 0; i < 20; i++) audit_push(&audit, &event);
    sem_post(&gate->open);
    struct timespec pause = {0, 200000000};
    nanosleep(&pause, NULL);
    audit_push(&audit, &event);
    CHECK_INT(5, audit_dropped(&audit));
    audit_stop(&audit, 10);
    CHECK_INT(16, count_of(gate->text, "\"event\":\"connect\""));
    CHECK_HAS("\"count\":5}", gate->text);
    gate_free(gate);
}

static void a_killed_writer_is_started_again(void) {
    struct audit audit;
    struct gate *gate = gate_new(&audit, 64);
    struct audit_event event = {.event = "connect"};
    CHECK(!audit_revive(&audit));
    kill(audit.writer, SIGTERM); /* blocked: only the broker ends it */
    kill(audit.writer, SIGKILL);
    struct timespec pause = {0, 50000000};
    nanosleep(&pause, NULL);
    audit_push(&audit, &event); /* nobody there: it waits in the ring */
    bool revived = false;
    for (int i = 0; i < 500 && !revived; i++) {
        nanosleep(&pause, NULL);
        revived = audit_revive(&audit);
    }
    CHECK(revived);
    audit_push(&audit, &event);
    audit_stop(&audit, 10);
    CHECK_INT(2, count_of(gate->text, "\"event\":\"connect\""));
    gate_free(gate);
}

static void every_event_is_written_in_order(void) {
    struct audit audit;
    struct gate *gate = gate_new(&audit, 4096);
    struct audit_event event = {.event = "connect"};
    for (int i = 0; i < 3000; i++) CHECK(audit_push(&audit, &event));
    audit_stop(&audit, 10);
    CHECK_INT(3000, count_of(gate->text, "\n"));
    unsigned long expected = 1;
    for (char *s = gate->text; (s = strstr(s, "\"seq\":")) != NULL; s++) {
        CHECK_INT(expected++, strtoul(s + 6, NULL, 10));
    }
    gate_free(gate);
}

static void the_file_is_rotated(void) {
    char dir[] = "/tmp/egiz-guard-unit-XXXXXX";
    CHECK(mkdtemp(dir) != NULL);
    char path[64];
    char old[4][72];
    snprintf(path, sizeof path, "%s/audit", dir);
    struct audit_log *log = malloc(sizeof *log);
    CHECK(audit_log_open(log, path, 1000, 2));
    struct audit_sink sink = audit_log_sink(log);
    char line[101];
    memset(line, 'x', 99);
    line[99] = '\n';
    for (int i = 0; i < 55; i++) CHECK_INT(0, sink.write(sink.self, line, 100));
    CHECK_INT(0, sink.flush(sink.self));
    audit_log_close(log);
    free(log);
    struct stat st;
    CHECK(stat(path, &st) == 0 && st.st_size == 500);
    for (int i = 1; i <= 3; i++) snprintf(old[i], sizeof old[i], "%s.%d", path, i);
    CHECK(stat(old[1], &st) == 0 && st.st_size == 1000);
    CHECK(stat(old[2], &st) == 0 && st.st_size == 1000);
    CHECK(stat(old[3], &st) != 0);
    unlink(path);
    unlink(old[1]);
    unlink(old[2]);
    rmdir(dir);
}

static void only_a_regular_file_will_do(void) {
    struct audit_log *log = malloc(sizeof *log);
    CHECK(!audit_log_open(log, "/dev/null", 1000, 2));
    CHECK(!audit_log_open(log, "/tmp", 1000, 2));
    CHECK(!audit_log_open(log, "/nowhere/audit", 1000, 2));
    free(log);
}

const struct test audit_tests[] = {
    {"audit: a hanging disk stops nobody and drops are said", a_hanging_disk_stops_nobody},
    {"audit: lines that the disk lost are counted and said", lost_lines_are_counted_and_said},
    {"audit: a killed writer is started again", a_killed_writer_is_started_again},
    {"audit: every event is written, in order", every_event_is_written_in_order},
    {"audit log: rotated by size, N kept", the_file_is_rotated},
    {"audit log: only a regular file will do", only_a_regular_file_will_do},
    {NULL, NULL},
};
