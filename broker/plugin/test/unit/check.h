/* The least that a unit test needs: named tests, checks that say where. */
#ifndef CHECK_H
#define CHECK_H

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

struct test {
    const char *name;
    void (*run)(void);
};

extern int check_failures; /* of the running test */

#define CHECK(condition) check_true((condition), #condition, __FILE__, __LINE__)
#define CHECK_INT(expected, actual) \
    check_int((long long)(expected), (long long)(actual), #actual, __FILE__, __LINE__)
#define CHECK_TEXT(expected, actual) check_text((expected), (actual), #actual, __FILE__, __LINE__)
/* `part` must be found in `whole`. */
#define CHECK_HAS(part, whole) check_has((part), (whole), #whole, __FILE__, __LINE__)

void check_true(bool ok, const char *what, const char *file, int line);
void check_int(long long expected, long long actual, const char *what, const char *file, int line);
void check_text(const char *expected, const char *actual, const char *what, const char *file, int line);
void check_has(const char *part, const char *whole, const char *what, const char *file, int line);

/* Each suite's tests, ended by one without a name. */
extern const struct test topic_tests[], acl_tests[], accounts_tests[], limits_tests[],
    client_tests[], line_tests[], audit_tests[], family_tests[], options_tests[],
    guard_tests[], guard_files_tests[], guard21_tests[];

#endif
