#include "client.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void watch(struct run *run, struct client *c, uint32_t events, int how) {
    struct epoll_event event = {.events = events, .data.ptr = c};
    epoll_ctl(run->epoll, how, c->fd, &event);
}

void client_drop(struct run *run, struct client *c, double pause) {
    if (c->state == READY) run->ready--;
    else if (c->state != WAITING) run->failures++;
    if (c->ssl != NULL) SSL_free(c->ssl);
    if (c->fd >= 0) close(c->fd);
    c->ssl = NULL;
    c->fd = -1;
    c->state = WAITING;
    c->have = c->out_len = 0;
    c->under_way = 0;
    c->due = now() + pause;
}

void client_connect(struct run *run, struct client *c) {
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons((uint16_t)run->port),
                             .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int on = 1;
    c->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    c->begun = now();
    c->state = CONNECTING;
    setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    if (connect(c->fd, (struct sockaddr *)&to, sizeof to) != 0 && errno != EINPROGRESS) {
        client_drop(run, c, 0.5);
        return;
    }
    watch(run, c, EPOLLIN | EPOLLOUT, EPOLL_CTL_ADD);
}

/* As much as the socket takes; the rest waits. */
static void flush(struct run *run, struct client *c) {
    size_t done = 0;
    while (done < c->out_len) {
        long n = c->ssl != NULL ? SSL_write(c->ssl, c->out + done, (int)(c->out_len - done))
                                : send(c->fd, c->out + done, c->out_len - done, MSG_NOSIGNAL);
        if (n <= 0) break;
        done += (size_t)n;
    }
    memmove(c->out, c->out + done, c->out_len - done);
    c->out_len -= done;
    watch(run, c, c->out_len > 0 ? EPOLLIN | EPOLLOUT : EPOLLIN, EPOLL_CTL_MOD);
}

static uint8_t *room(struct client *c, size_t len) {
    if (c->out_len + len > c->out_room) {
        c->out_room = (c->out_len + len) * 2;
        c->out = realloc(c->out, c->out_room);
        if (c->out == NULL) abort();
    }
    return c->out + c->out_len;
}

static uint8_t *put_text(uint8_t *out, const char *text) {
    size_t len = strlen(text);
    *out++ = (uint8_t)(len >> 8);
    *out++ = (uint8_t)len;
    memcpy(out, text, len);
    return out + len;
}

/* The fixed header; returns where the rest goes. */
static uint8_t *put_head(uint8_t *out, uint8_t type, size_t len) {
    *out++ = type;
    do {
        *out++ = (uint8_t)((len & 127) | (len > 127 ? 128 : 0));
        len >>= 7;
    } while (len > 0);
    return out;
}

static void log_in(struct run *run, struct client *c) {
    size_t name = strlen(c->name), password = strlen(c->password);
    size_t len = 10 + 2 + name + (password > 0 ? 2 + name + 2 + password : 0);
    uint8_t *start = room(c, len + 5), *out = put_text(put_head(start, 0x10, len), "MQTT");
    /* Level 4, clean session, keepalive 600 s. */
    memcpy(out, password > 0 ? "\x04\xc2\x02\x58" : "\x04\x02\x02\x58", 4);
    out = put_text(out + 4, c->name);
    if (password > 0) out = put_text(put_text(out, c->name), c->password);
    c->out_len += (size_t)(out - start);
    c->state = LOGIN;
    c->shaken = now();
    flush(run, c);
}

static void become_ready(struct run *run, struct client *c) {
    c->state = READY;
    run->ready++;
    run->on_ready(c);
}

static void subscribe(struct run *run, struct client *c) {
    size_t len = 2 + 2 + strlen(c->topic) + 1;
    uint8_t *start = room(c, len + 5), *out = put_head(start, 0x82, len);
    *out++ = 0;
    *out++ = 1;
    out = put_text(out, c->topic);
    *out++ = (uint8_t)run->qos;
    c->out_len += (size_t)(out - start);
    c->state = SUBSCRIBING;
    flush(run, c);
}

void client_publish(struct run *run, struct client *c, const uint8_t *payload, size_t payload_len) {
    size_t len = 2 + strlen(c->topic) + (run->qos > 0 ? 2 : 0) + payload_len;
    uint8_t *start = room(c, len + 5), *out = put_text(put_head(start, (uint8_t)(0x30 | run->qos << 1), len), c->topic);
    if (run->qos > 0) {
        if (++c->mid == 0) c->mid = 1;
        *out++ = (uint8_t)(c->mid >> 8);
        *out++ = (uint8_t)c->mid;
        c->under_way++;
    }
    memcpy(out, payload, payload_len);
    c->out_len += (size_t)(out - start) + payload_len;
    flush(run, c);
}

static void acknowledge(struct client *c, const uint8_t *mid) {
    uint8_t *out = room(c, 4);
    out[0] = 0x40;
    out[1] = 2;
    memcpy(out + 2, mid, 2);
    c->out_len += 4;
}

static void delivered(struct run *run, struct client *c, const uint8_t *head, const uint8_t *body, size_t len) {
    size_t topic = (size_t)(body[0] << 8 | body[1]) + 2;
    int qos = head[0] >> 1 & 3;
    if (qos > 0) acknowledge(c, body + topic);
    size_t start = topic + (qos > 0 ? 2 : 0);
    run->delivered++;
    run->on_message(body + start, len - start);
}

/* False: the broker refused. */
static bool packet(struct run *run, struct client *c, const uint8_t *head, const uint8_t *body, size_t len) {
    switch (head[0] >> 4) {
    case 2:
        if (body[1] != 0) return false;
        if (c->subscribes) subscribe(run, c);
        else become_ready(run, c);
        return true;
    case 9:
        if (body[2] >= 0x80) return false;
        become_ready(run, c);
        return true;
    case 4:
        run->puback++;
        if (c->under_way > 0) c->under_way--;
        return true;
    case 3:
        delivered(run, c, head, body, len);
        return true;
    default:
        return true;
    }
}

/* Takes whole packets off the front of what has come. */
static bool packets(struct run *run, struct client *c) {
    size_t at = 0;
    while (c->have - at >= 2) {
        size_t len = 0, head = 1, shift = 0;
        uint8_t byte;
        do {
            if (at + head >= c->have) goto out;
            byte = c->in[at + head++];
            len |= (size_t)(byte & 127) << shift;
            shift += 7;
        } while (byte >= 128);
        if (c->have - at < head + len) break;
        if (!packet(run, c, c->in + at, c->in + at + head, len)) return false;
        at += head + len;
    }
out:
    memmove(c->in, c->in + at, c->have - at);
    c->have -= at;
    if (c->out_len > 0) flush(run, c);
    return true;
}

static bool receive(struct run *run, struct client *c) {
    for (;;) {
        if (c->in_room - c->have < 4096) {
            c->in_room = c->in_room * 2 + 4096;
            c->in = realloc(c->in, c->in_room);
            if (c->in == NULL) abort();
        }
        size_t free = c->in_room - c->have;
        long n = c->ssl != NULL ? SSL_read(c->ssl, c->in + c->have, (int)free) : recv(c->fd, c->in + c->have, free, 0);
        if (n <= 0) {
            bool later = c->ssl != NULL ? SSL_get_error(c->ssl, (int)n) == SSL_ERROR_WANT_READ : n < 0 && errno == EAGAIN;
            return later && packets(run, c);
        }
        c->have += (size_t)n;
        if (c->have > 65536 && !packets(run, c)) return false;
    }
}

/* False: it failed. */
static bool shake(struct run *run, struct client *c) {
    int rc = SSL_connect(c->ssl);
    if (rc == 1) {
        log_in(run, c);
        return true;
    }
    int why = SSL_get_error(c->ssl, rc);
    watch(run, c, why == SSL_ERROR_WANT_WRITE ? EPOLLIN | EPOLLOUT : EPOLLIN, EPOLL_CTL_MOD);
    return why == SSL_ERROR_WANT_READ || why == SSL_ERROR_WANT_WRITE;
}

static bool connected(struct run *run, struct client *c) {
    int fault = 0;
    socklen_t size = sizeof fault;
    getsockopt(c->fd, SOL_SOCKET, SO_ERROR, &fault, &size);
    if (fault != 0) return false;
    if (run->tls == NULL) {
        log_in(run, c);
        return true;
    }
    c->ssl = SSL_new(run->tls);
    SSL_set_fd(c->ssl, c->fd);
    SSL_set_tlsext_host_name(c->ssl, "localhost");
    c->state = HANDSHAKE;
    return shake(run, c);
}

void client_step(struct run *run, struct client *c) {
    bool good = true;
    if (c->state == WAITING) return;
    if (c->state == CONNECTING) good = connected(run, c);
    else if (c->state == HANDSHAKE) good = shake(run, c);
    else {
        if (c->out_len > 0) flush(run, c);
        good = receive(run, c);
    }
    if (!good) client_drop(run, c, 0.5);
}
