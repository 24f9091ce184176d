/* Names to things: a hash table of records that begin with their name.
 * Built once when a file is loaded, then only read. Does not own the names. */
#ifndef GUARD_STR_TABLE_H
#define GUARD_STR_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct str_slot {
    const char *name;
    void *value;
};

struct str_table {
    struct str_slot *slots;
    size_t capacity; /* a power of two, or 0 */
    size_t count;
};

/* False when memory is out. The name must not be in the table yet. */
bool str_table_add(struct str_table *table, const char *name, void *value);

/* NULL when there is none. */
void *str_table_find(const struct str_table *table, const char *name, size_t len);

void str_table_free(struct str_table *table);

#endif
