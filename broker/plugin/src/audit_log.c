#include "audit_log.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static bool open_file(struct audit_log *log) {
    /* Not through a link, and never a FIFO that would block the writer. */
    int flags = O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK;
    int fd = open(log->path, flags, 0640);
    if (fd < 0) return false;
    struct stat st;
    if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode)) {
        close(fd);
        errno = EINVAL;
        return false;
    }
    log->fd = fd;
    log->size = (uint64_t)st.st_size;
    return true;
}

static void close_file(struct audit_log *log) {
    if (log->fd >= 0) close(log->fd);
    log->fd = -1;
}

/* Lines that end in `text`; a newline at its start only ends what was cut. */
static size_t lines_in(const char *text, size_t len) {
    size_t lines = 0;
    for (size_t i = 1; i < len; i++) {
        if (text[i] == '\n') lines++;
    }
    return lines;
}

/* Writes the buffer; returns the lines that a full disk refused. A line cut in
 * the middle is ended, so that the next one can be read. */
static size_t write_out(struct audit_log *log) {
    size_t done = 0;
    while (done < log->used) {
        ssize_t n = write(log->fd, log->buffer + done, log->used - done);
        if (n < 0 && errno == EINTR) continue;
        if (n <= 0) break;
        done += (size_t)n;
    }
    size_t lost = lines_in(log->buffer + done, log->used - done);
    bool cut = done < log->used && done > 0 && log->buffer[done - 1] != '\n';
    log->size += done;
    log->used = cut ? 1 : 0;
    if (cut) log->buffer[0] = '\n';
    return lost;
}

static bool path_of(const struct audit_log *log, unsigned number, char *path, size_t size) {
    int n = number == 0 ? snprintf(path, size, "%s", log->path)
                        : snprintf(path, size, "%s.%u", log->path, number);
    return n > 0 && (size_t)n < size;
}

static bool rotate(struct audit_log *log) {
    char from[PATH_MAX];
    char to[PATH_MAX];
    for (unsigned i = log->keep; i > 0; i--) {
        if (!path_of(log, i - 1, from, sizeof from) || !path_of(log, i, to, sizeof to)) return false;
        /* A gap in the row is no fault; a file that cannot move is. */
        if (rename(from, to) != 0 && errno != ENOENT) return false;
    }
    if (log->keep == 0 && unlink(log->path) != 0 && errno != ENOENT) return false;
    close_file(log);
    return open_file(log);
}

static size_t log_flush(void *self) {
    struct audit_log *log = self;
    if (log->used == 0) return 0;
    if (log->fd >= 0 || open_file(log)) return write_out(log);
    size_t lost = lines_in(log->buffer, log->used);
    log->used = 0;
    return lost;
}

static size_t log_write(void *self, const char *line, size_t len) {
    struct audit_log *log = self;
    size_t lost = 0;
    if (log->used + len > sizeof log->buffer) lost = log_flush(log);
    if (log->fd < 0 && !open_file(log)) return lost + 1;
    if (log->size + log->used + len > log->max && log->size + log->used > 0) {
        lost += log_flush(log);
        /* Bounded comes first: a log that cannot be rotated takes no more. */
        if (!rotate(log)) return lost + 1;
    }
    memcpy(log->buffer + log->used, line, len);
    log->used += len;
    return lost;
}

static void log_reopen(void *self) {
    log_flush(self);
    close_file(self);
}

bool audit_log_open(struct audit_log *log, const char *path, uint64_t max, unsigned keep) {
    memset(log, 0, sizeof *log);
    log->fd = -1;
    log->max = max;
    log->keep = keep;
    log->path = strdup(path);
    if (log->path == NULL) return false;
    if (open_file(log)) {
        close_file(log);
        return true;
    }
    int reason = errno;
    free(log->path);
    errno = reason;
    return false;
}

struct audit_sink audit_log_sink(struct audit_log *log) {
    return (struct audit_sink){log, log_write, log_flush, log_reopen};
}

void audit_log_close(struct audit_log *log) {
    close_file(log);
    free(log->path);
    log->path = NULL;
}
