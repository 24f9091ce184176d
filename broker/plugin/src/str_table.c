#include "str_table.h"

#include <stdlib.h>
#include <string.h>

/* FNV-1a: the names come from our own files, so nobody chooses collisions. */
static uint64_t hash(const char *name, size_t len) {
    uint64_t h = 14695981039346656037u;
    for (size_t i = 0; i < len; i++) h = (h ^ (unsigned char)name[i]) * 1099511628211u;
    return h ^ (h >> 32);
}

static struct str_slot *slot_for(const struct str_table *table, const char *name, size_t len) {
    size_t mask = table->capacity - 1;
    size_t i = (size_t)hash(name, len) & mask;
    for (;; i = (i + 1) & mask) {
        struct str_slot *slot = &table->slots[i];
        if (slot->name == NULL) return slot;
        if (strncmp(slot->name, name, len) == 0 && slot->name[len] == '\0') return slot;
    }
}

static bool grow(struct str_table *table) {
    struct str_table bigger = {.capacity = table->capacity == 0 ? 64 : table->capacity * 2};
    bigger.slots = calloc(bigger.capacity, sizeof *bigger.slots);
    if (bigger.slots == NULL) return false;
    for (size_t i = 0; i < table->capacity; i++) {
        struct str_slot old = table->slots[i];
        if (old.name != NULL) *slot_for(&bigger, old.name, strlen(old.name)) = old;
    }
    bigger.count = table->count;
    free(table->slots);
    *table = bigger;
    return true;
}

bool str_table_add(struct str_table *table, const char *name, void *value) {
    /* At most half full, so that a miss ends soon. */
    if (table->count * 2 >= table->capacity && !grow(table)) return false;
    *slot_for(table, name, strlen(name)) = (struct str_slot){name, value};
    table->count++;
    return true;
}

void *str_table_find(const struct str_table *table, const char *name, size_t len) {
    if (table->count == 0) return NULL;
    return slot_for(table, name, len)->value;
}

void str_table_free(struct str_table *table) {
    free(table->slots);
    *table = (struct str_table){0};
}
