/* A configuration file in memory, cut into lines, with the checks that both
 * of the guard's files share: a half-written file must never look whole. */
#ifndef GUARD_TEXT_FILE_H
#define GUARD_TEXT_FILE_H

#include <stdbool.h>
#include <stddef.h>

#define TEXT_FILE_MAX (64u * 1024 * 1024)

/* Why and where a file was refused; `line` is 0 when no line is to blame. */
struct text_error {
    size_t line;
    char what[160];
};

struct text_lines {
    char *next;
    char *end;
    size_t line;
};

/* The whole file as a NUL-terminated buffer that the caller frees, or NULL
 * with the error filled in. Only regular files up to TEXT_FILE_MAX. */
char *text_file_read(const char *path, size_t *len, struct text_error *error);

/* Starts over `text`; false when it is not made of whole lines of plain text
 * (a NUL or CR byte, a tab, or no newline at the end). */
bool text_lines_start(struct text_lines *lines, char *text, size_t len, struct text_error *error);

/* The next line, NUL-terminated in place, or NULL at the end. */
char *text_lines_next(struct text_lines *lines);

/* Splits the first word off: returns it, leaves *rest at what follows the one
 * space behind it (NULL when nothing follows). */
char *text_word(char **rest);

/* Records the error; always false, so that parsers can return it. */
bool text_refuse(struct text_error *error, size_t line, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

#endif
