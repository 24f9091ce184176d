/* A broker made of the few functions that a plugin sees: it calls the guard in
 * the order in which Mosquitto 2.0.11, 2.0.22 and 2.1 do, so that each one's
 * ways are tested wherever the tests run. */
#ifndef FAKE_BROKER_H
#define FAKE_BROKER_H

#include "broker_api.h"

#include <stdbool.h>
#include <stddef.h>

enum fake_version { FAKE_2_0_11, FAKE_2_0_22, FAKE_2_1 };

struct mosquitto {
    char *id;
    char *username;
    const char *address;
    void *certificate;
};

struct fake_broker {
    enum fake_version version;
    uint64_t now; /* ns: the guard's clock, moved by the tests */
    void *userdata;
    char dir[40];
    char published[16384]; /* "TOPIC VALUE\n" ... */
    char kicked[256];
    char log[8192];
};

extern struct fake_broker fake;

/* Starts the guard with these rights and accounts (NULL: none) and more
 * options as "key value" strings up to a NULL. False when it refuses. */
bool fake_start(enum fake_version version, const char *rights, const char *accounts, ...);
/* Ends it; *audit gets the audit log's text, which the caller frees. */
void fake_stop(char **audit);

void fake_write(const char *name, const char *text);
void fake_reload(void);
void fake_tick(void);

/* Whether a login is let in: the guard's answer and, if it defers, `password`. */
struct mosquitto *fake_client(const char *id, const char *username);
bool fake_login(struct mosquitto *client, bool password);
/* A login by the broker's own use of certificates: plugins are not asked. */
void fake_login_unseen(struct mosquitto *client);
/* The connection ends; the client is freed. */
void fake_leave(struct mosquitto *client, int reason);

/* Any event at all. */
int fake_call(int event, void *data);

int fake_access(struct mosquitto *client, const char *topic, int access);
int fake_publish(struct mosquitto *client, const char *topic);

#endif
