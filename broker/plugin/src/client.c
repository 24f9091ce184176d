#include "client.h"

#include <stdlib.h>
#include <string.h>

static size_t home(const struct clients *clients, const struct mosquitto *key) {
    /* Heap pointers differ in their middle bits; the product spreads them. */
    uint64_t h = (uint64_t)(uintptr_t)key * 0x9e3779b97f4a7c15u;
    return (size_t)(h >> 32) & (clients->capacity - 1);
}

static size_t slot_of(const struct clients *clients, const struct mosquitto *key) {
    size_t i = home(clients, key);
    while (clients->slots[i] != NULL && clients->slots[i]->key != key) {
        i = (i + 1) & (clients->capacity - 1);
    }
    return i;
}

struct client *clients_find(struct clients *clients, const struct mosquitto *key) {
    if (clients->last != NULL && clients->last->key == key) return clients->last;
    if (clients->count == 0) return NULL;
    struct client *client = clients->slots[slot_of(clients, key)];
    if (client != NULL) clients->last = client;
    return client;
}

static bool grow(struct clients *clients) {
    struct clients bigger = {.capacity = clients->capacity == 0 ? 64 : clients->capacity * 2};
    bigger.slots = calloc(bigger.capacity, sizeof *bigger.slots);
    if (bigger.slots == NULL) return false;
    for (size_t i = 0; i < clients->capacity; i++) {
        struct client *client = clients->slots[i];
        if (client != NULL) bigger.slots[slot_of(&bigger, client->key)] = client;
    }
    free(clients->slots);
    clients->slots = bigger.slots;
    clients->capacity = bigger.capacity;
    return true;
}

static void client_free(struct client *client) {
    free(client->id);
    free(client->account);
    free(client);
}

struct client *clients_add(struct clients *clients, const struct mosquitto *key, const char *id,
                           const char *account) {
    if (clients->count * 2 >= clients->capacity && !grow(clients)) return NULL;
    struct client *client = calloc(1, sizeof *client);
    if (client == NULL) return NULL;
    client->key = key;
    client->id = strdup(id == NULL ? "" : id);
    client->account = account == NULL ? NULL : strdup(account);
    if (client->id == NULL || (account != NULL && client->account == NULL)) {
        client_free(client);
        return NULL;
    }
    clients->slots[slot_of(clients, key)] = client;
    clients->count++;
    return client;
}

void clients_remove(struct clients *clients, struct client *client) {
    size_t mask = clients->capacity - 1;
    size_t hole = slot_of(clients, client->key);
    clients->slots[hole] = NULL;
    /* Close the gap, so that no later entry is cut off from its home slot. */
    for (size_t i = (hole + 1) & mask; clients->slots[i] != NULL; i = (i + 1) & mask) {
        size_t wanted = home(clients, clients->slots[i]->key);
        if (((i - wanted) & mask) < ((i - hole) & mask)) continue;
        clients->slots[hole] = clients->slots[i];
        clients->slots[i] = NULL;
        hole = i;
    }
    clients->count--;
    if (clients->last == client) clients->last = NULL;
    client_free(client);
}

void clients_free(struct clients *clients) {
    for (size_t i = 0; i < clients->capacity; i++) {
        if (clients->slots[i] != NULL) client_free(clients->slots[i]);
    }
    free(clients->slots);
    *clients = (struct clients){0};
}
