/* One MQTT 3.1.1 client on 127.0.0.1, with or without TLS 1.3, that never blocks. */
#ifndef LOAD_CLIENT_H
#define LOAD_CLIENT_H

#include <openssl/ssl.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum state { WAITING, CONNECTING, HANDSHAKE, LOGIN, SUBSCRIBING, READY };

struct client {
    const char *name, *password, *topic; /* topic: what it publishes to, or subscribes to */
    bool subscribes;
    enum state state;
    int fd;
    SSL *ssl;
    double due;       /* when it connects next */
    double begun;     /* of this attempt */
    double shaken;    /* when the handshake was done */
    uint16_t mid;
    uint32_t seq;     /* of its last message */
    uint32_t under_way; /* QoS 1 messages without PUBACK */
    uint8_t *out;       /* what the socket would not take yet */
    size_t out_len, out_room;
    size_t have;
    uint8_t *in;
    size_t in_room;
};

struct run {
    int epoll, port, qos;
    SSL_CTX *tls; /* NULL: none */
    double timeout; /* of a connection attempt */
    long failures;  /* attempts that ended without CONNACK */
    long ready;
    long puback, delivered;
    void (*on_ready)(struct client *);
    void (*on_message)(const uint8_t *payload, size_t len);
};

double now(void);
void client_connect(struct run *run, struct client *client);
/* To be called when epoll has something, and after client_connect. */
void client_step(struct run *run, struct client *client);
void client_publish(struct run *run, struct client *client, const uint8_t *payload, size_t len);
/* Ends the attempt or connection; it is due again after `pause` seconds. */
void client_drop(struct run *run, struct client *client, double pause);

#endif
