#include "check.h"

#include <stdlib.h>

int check_failures;

static void complain(const char *file, int line) {
    check_failures++;
    printf("    %s:%d: ", file, line);
}

void check_true(bool ok, const char *what, const char *file, int line) {
    if (ok) return;
    complain(file, line);
    printf("not true: %s\n", what);
}

void check_int(long long expected, long long actual, const char *what, const char *file, int line) {
    if (expected == actual) return;
    complain(file, line);
    printf("%s is %lld, not %lld\n", what, actual, expected);
}

void check_text(const char *expected, const char *actual, const char *what, const char *file, int line) {
    if (actual != NULL && strcmp(expected, actual) == 0) return;
    complain(file, line);
    printf("%s is \"%s\", not \"%s\"\n", what, actual == NULL ? "(null)" : actual, expected);
}

void check_has(const char *part, const char *whole, const char *what, const char *file, int line) {
    if (strstr(whole, part) != NULL) return;
    complain(file, line);
    printf("%s has no \"%s\": %s\n", what, part, whole);
}

int main(void) {
    const struct test *suites[] = {topic_tests, acl_tests, accounts_tests, limits_tests,
                                   client_tests, line_tests, audit_tests, family_tests,
                                   options_tests, guard_tests, guard_files_tests,
                                   guard21_tests};
    int passed = 0;
    int failed = 0;
    setvbuf(stdout, NULL, _IOLBF, 0);
    for (size_t s = 0; s < sizeof suites / sizeof suites[0]; s++) {
        for (const struct test *test = suites[s]; test->name != NULL; test++) {
            check_failures = 0;
            test->run();
            printf("%s %s\n", check_failures == 0 ? "ok  " : "FAIL", test->name);
            if (check_failures == 0) passed++;
            else failed++;
        }
    }
    printf("unit: %d passed, %d failed\n", passed, failed);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
