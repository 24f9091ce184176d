#include "number.h"

bool number_parse(const char *text, uint32_t min, uint32_t max, uint32_t *value) {
    uint64_t n = 0;
    if (text[0] == '\0') return false;
    for (const char *s = text; *s != '\0'; s++) {
        if (*s < '0' || *s > '9') return false;
        n = n * 10 + (uint64_t)(*s - '0');
        if (n > max) return false;
    }
    if (n < min) return false;
    *value = (uint32_t)n;
    return true;
}
