/* Whole decimal numbers, nothing else: no sign, no space, no overflow. */
#ifndef GUARD_NUMBER_H
#define GUARD_NUMBER_H

#include <stdbool.h>
#include <stdint.h>

/* False, and *value untouched, unless the text is a number from min to max. */
bool number_parse(const char *text, uint32_t min, uint32_t max, uint32_t *value);

#endif
