/* Load for one run: many publishers keep a window of messages under way to a
 * broker on 127.0.0.1 and one subscriber counts what arrives. Prints one line,
 *   DELIVERED SECONDS GENERATOR_CPU_SECONDS
 * Usage: flood PORT QOS PUBLISHERS MESSAGES PAYLOAD
 * The accounts are b0 ... bN and `archive`, each with its name as password. */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define WINDOW 20     /* messages of one publisher that are under way */
#define AHEAD 2000    /* QoS 0: how far all publishers may be ahead of delivery */
#define DEADLINE 60.0 /* s */

struct peer {
    int fd;
    int number; /* -1: the subscriber */
    uint32_t under_way;
    uint16_t mid;
    size_t have;
    uint8_t in[65536];
};

static int port, qos;
static long total, sent, delivered;
static size_t payload;

static void die(const char *what) {
    perror(what);
    exit(1);
}

static double seconds(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static uint8_t *put_text(uint8_t *out, const char *text) {
    size_t len = strlen(text);
    *out++ = (uint8_t)(len >> 8);
    *out++ = (uint8_t)len;
    memcpy(out, text, len);
    return out + len;
}

static void send_all(int fd, const uint8_t *data, size_t len) {
    while (len > 0) {
        ssize_t n = send(fd, data, len, MSG_NOSIGNAL);
        if (n < 0 && (errno == EAGAIN || errno == EINTR)) continue;
        if (n <= 0) die("send");
        data += n;
        len -= (size_t)n;
    }
}

/* MQTT 3.1.1 CONNECT; waits for the CONNACK. */
static int log_in(const char *name) {
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port),
                             .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    int on = 1;
    if (fd < 0 || connect(fd, (struct sockaddr *)&to, sizeof to) != 0) die("connect");
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    uint8_t packet[256];
    uint8_t *out = put_text(packet + 2, "MQTT");
    memcpy(out, "\x04\xc2\x00\x3c", 4);
    out = put_text(put_text(put_text(out + 4, name), name), name);
    packet[0] = 0x10;
    packet[1] = (uint8_t)(out - packet - 2);
    send_all(fd, packet, (size_t)(out - packet));
    uint8_t ack[4];
    if (recv(fd, ack, 4, MSG_WAITALL) != 4 || ack[3] != 0) die("login refused");
    return fd;
}

static void subscribe(int fd) {
    uint8_t packet[64] = {0x82, 0, 0, 1};
    uint8_t *out = put_text(packet + 4, "openegiz/#");
    *out++ = (uint8_t)qos;
    packet[1] = (uint8_t)(out - packet - 2);
    send_all(fd, packet, (size_t)(out - packet));
    uint8_t ack[5];
    if (recv(fd, ack, 5, MSG_WAITALL) != 5 || ack[4] > 2) die("subscription refused");
}

static void publish(struct peer *p) {
    uint8_t packet[4096];
    char topic[96];
    snprintf(topic, sizeof topic, "openegiz/factory-a/press/b%d/thermal/telemetry", p->number);
    size_t body = 2 + strlen(topic) + (qos > 0 ? 2 : 0) + payload;
    packet[0] = (uint8_t)(0x30 | qos << 1);
    packet[1] = (uint8_t)(body % 128 | 128);
    packet[2] = (uint8_t)(body / 128);
    uint8_t *out = put_text(packet + 3, topic);
    if (qos > 0) {
        p->mid = p->mid == 65535 ? 1 : (uint16_t)(p->mid + 1);
        *out++ = (uint8_t)(p->mid >> 8);
        *out++ = (uint8_t)p->mid;
    }
    memset(out, 'x', payload);
    send_all(p->fd, packet, (size_t)(out - packet) + payload);
    p->under_way++;
    sent++;
}

static void handle(struct peer *p, const uint8_t *packet, const uint8_t *body) {
    int kind = packet[0] >> 4;
    if (kind == 4) p->under_way--;
    if (kind != 3) return;
    delivered++;
    if ((packet[0] & 6) == 0) return;
    size_t topic = (size_t)body[0] << 8 | body[1];
    uint8_t ack[4] = {0x40, 2, body[2 + topic], body[3 + topic]};
    send_all(p->fd, ack, 4);
}

static void receive(struct peer *p) {
    ssize_t n = recv(p->fd, p->in + p->have, sizeof p->in - p->have, MSG_DONTWAIT);
    if (n < 0 && (errno == EAGAIN || errno == EINTR)) return;
    if (n <= 0) die("the broker closed a connection");
    p->have += (size_t)n;
    size_t at = 0;
    for (;;) {
        size_t size = 0, digits = 1, left = p->have - at;
        const uint8_t *packet = p->in + at;
        bool whole = false;
        for (; digits < left && digits <= 4; digits++) {
            size |= (size_t)(packet[digits] & 127) << (7 * (digits - 1));
            if ((packet[digits] & 128) == 0) {
                whole = left >= 1 + digits + size;
                break;
            }
        }
        if (!whole) break;
        handle(p, packet, packet + 1 + digits);
        at += 1 + digits + size;
    }
    memmove(p->in, p->in + at, p->have -= at);
}

static bool may_send(const struct peer *p) {
    if (sent >= total) return false;
    return qos > 0 ? p->under_way < WINDOW : sent - delivered < AHEAD;
}

static void run(struct peer *peers, int publishers, int epoll) {
    double end = seconds() + DEADLINE;
    struct epoll_event events[256];
    while (delivered < total && seconds() < end) {
        for (int i = 0; i < publishers; i++) {
            for (int burst = 0; burst < 4 && may_send(&peers[i]); burst++) publish(&peers[i]);
        }
        int n = epoll_wait(epoll, events, 256, sent < total ? 0 : 10);
        for (int i = 0; i < n; i++) receive(events[i].data.ptr);
    }
}

int main(int argc, char **argv) {
    if (argc != 6) return 2;
    port = atoi(argv[1]);
    qos = atoi(argv[2]);
    int publishers = atoi(argv[3]);
    total = atol(argv[4]);
    payload = (size_t)atol(argv[5]);
    if (payload > 3500 || qos > 1) return 2;
    struct peer *peers = calloc((size_t)publishers + 1, sizeof *peers);
    int epoll = epoll_create1(0);
    if (peers == NULL || epoll < 0) die("start");
    for (int i = 0; i <= publishers; i++) {
        char name[24];
        snprintf(name, sizeof name, "b%d", i);
        struct epoll_event event = {.events = EPOLLIN, .data.ptr = &peers[i]};
        peers[i].number = i < publishers ? i : -1;
        peers[i].fd = log_in(i < publishers ? name : "archive");
        epoll_ctl(epoll, EPOLL_CTL_ADD, peers[i].fd, &event);
    }
    subscribe(peers[publishers].fd);
    double start = seconds();
    run(peers, publishers, epoll);
    double took = seconds() - start;
    struct rusage used;
    getrusage(RUSAGE_SELF, &used);
    printf("%ld %.3f %.3f\n", delivered, took,
           (double)(used.ru_utime.tv_sec + used.ru_stime.tv_sec)
               + (double)(used.ru_utime.tv_usec + used.ru_stime.tv_usec) / 1e6);
    return delivered == total ? 0 : 1;
}
