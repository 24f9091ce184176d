/* Mosquitto's plugin interface, as Debian's 2.0 headers have it, and the few
 * numbers of 2.1's that the same binary uses where the broker knows them. */
#ifndef GUARD_BROKER_API_H
#define GUARD_BROKER_API_H

#include <mosquitto.h>
#include <mosquitto_broker.h>
#include <mosquitto_plugin.h>

/* 2.1 calls it MOSQ_EVT_MESSAGE_IN. */
#define GUARD_EVT_MESSAGE 7
/* 2.1: after a login has succeeded; 2.0 refuses to register it. */
#define GUARD_EVT_CONNECT 11
/* 2.1: the connection of a session that lives on has ended; carries the same
 * data as MOSQ_EVT_DISCONNECT, which 2.1 sends only when the session ends. */
#define GUARD_EVT_CLIENT_OFFLINE 28

/* 2.1: the message is dropped and PUBACK/PUBREC carries 0x97. */
#define GUARD_ERR_QUOTA_EXCEEDED (-6)
/* 2.1: the reason of a disconnect. */
#define GUARD_ERR_SESSION_TAKEN_OVER 142

/* The first member of 2.1's struct mosquitto_evt_connect. */
struct guard_evt_connect {
    void *future;
    struct mosquitto *client;
};

#endif
