#include "text_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

bool text_refuse(struct text_error *error, size_t line, const char *format, ...) {
    va_list args;
    va_start(args, format);
    vsnprintf(error->what, sizeof error->what, format, args);
    va_end(args);
    error->line = line;
    return false;
}

static char *read_all(int fd, size_t size, size_t *len, struct text_error *error) {
    char *text = malloc(size + 1);
    if (text == NULL) {
        text_refuse(error, 0, "out of memory");
        return NULL;
    }
    size_t got = 0;
    while (got < size) {
        ssize_t n = read(fd, text + got, size - got);
        if (n < 0 && errno == EINTR) continue;
        if (n <= 0) break;
        got += (size_t)n;
    }
    if (got != size) {
        text_refuse(error, 0, "changed while it was read");
        free(text);
        return NULL;
    }
    text[size] = '\0';
    *len = size;
    return text;
}

char *text_file_read(const char *path, size_t *len, struct text_error *error) {
    /* O_NONBLOCK: a FIFO under this name must not stop the broker. */
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0) {
        text_refuse(error, 0, "cannot be opened: %s", strerror(errno));
        return NULL;
    }
    struct stat st;
    char *text = NULL;
    if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode)) {
        text_refuse(error, 0, "is not a regular file");
    } else if (st.st_size > (off_t)TEXT_FILE_MAX) {
        text_refuse(error, 0, "is larger than %u bytes", TEXT_FILE_MAX);
    } else {
        text = read_all(fd, (size_t)st.st_size, len, error);
    }
    close(fd);
    return text;
}

bool text_lines_start(struct text_lines *lines, char *text, size_t len, struct text_error *error) {
    size_t line = 1;
    for (size_t i = 0; i < len; i++) {
        unsigned char c = (unsigned char)text[i];
        if (c == '\n') {
            line++;
        } else if (c < 0x20 || c == 0x7f) {
            return text_refuse(error, line, "holds the control character 0x%02x", c);
        }
    }
    if (len > 0 && text[len - 1] != '\n') {
        return text_refuse(error, line, "the last line has no end: the file is half written");
    }
    *lines = (struct text_lines){.next = text, .end = text + len};
    return true;
}

char *text_lines_next(struct text_lines *lines) {
    if (lines->next == lines->end) return NULL;
    char *line = lines->next;
    char *end = memchr(line, '\n', (size_t)(lines->end - line));
    *end = '\0';
    lines->next = end + 1;
    lines->line++;
    return line;
}

char *text_word(char **rest) {
    char *word = *rest;
    char *space = strchr(word, ' ');
    if (space == NULL) {
        *rest = NULL;
    } else {
        *space = '\0';
        *rest = space + 1;
    }
    return word;
}
