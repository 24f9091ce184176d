/* Load for a broker on 127.0.0.1: boards that connect, spread over a time, and then publish at a rate, and one
 * subscriber that counts and times what arrives. Prints one JSON object. Every figure of the broker is measured from
 * outside; the generator's own CPU is told, so that a run in which it was the bottleneck can be thrown away.
 *
 *   load PORT CA-FILE|- ACCOUNTS QOS SPREAD-S RATE SECONDS [telemetry]
 *
 * ACCOUNTS: a file with `NAME PASSWORD TOPIC` a line, PASSWORD `-` for none; the first is the subscriber, unless its
 * TOPIC is `-`: then somebody else subscribes. RATE 0: only connects. `telemetry`: what boards send, instead of a
 * block with the time in it. */
#include "client.h"
#include "telemetry.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>

#define PAYLOAD 300
#define GIVE_UP 120.0 /* s for all to be connected */
#define WINDOW 100    /* Receive Maximum of a board (SPEC 4) */
#define DRAIN 5.0     /* s for the last messages to arrive */

static bool telemetry;
static struct client *clients;
static size_t count;
static struct run run = {.timeout = 20, .failures = 0};
static double *handshakes, *latencies;
static long handshake_count, latency_count, latency_room;

static void on_ready(struct client *c) {
    if (c != clients) handshakes[handshake_count++] = (c->shaken - c->begun) * 1e3;
}

static void on_message(const uint8_t *payload, size_t len) {
    double sent;
    if (len < sizeof sent || latency_count >= latency_room) return;
    memcpy(&sent, payload, sizeof sent);
    latencies[latency_count++] = (now() - sent) * 1e3;
}

static void read_accounts(const char *file) {
    char name[80], password[80], topic[256];
    FILE *in = fopen(file, "r");
    if (in == NULL) exit(2);
    while (fscanf(in, "%79s %79s %255s", name, password, topic) == 3) {
        clients = realloc(clients, (count + 1) * sizeof *clients);
        clients[count] = (struct client){.name = strdup(name), .topic = strdup(topic), .fd = -1, .subscribes = count == 0 && strcmp(topic, "-") != 0,
                                         .password = strcmp(password, "-") == 0 ? "" : strdup(password)};
        count++;
    }
    fclose(in);
}

static void work(double wait) {
    struct epoll_event events[512];
    int n = epoll_wait(run.epoll, events, 512, wait < 0 ? 0 : (int)(wait * 1e3));
    for (int i = 0; i < n; i++) client_step(&run, events[i].data.ptr);
}

/* Seconds until all were connected; negative when they never were. */
static double connect_all(double spread) {
    double begin = now();
    for (size_t i = 1; i < count; i++) clients[i].due = begin + spread * drand48();
    while (run.ready < (long)count) {
        double t = now();
        if (t - begin > GIVE_UP) return -1;
        for (size_t i = 1; i < count; i++) {
            struct client *c = &clients[i];
            if (c->state == WAITING && c->due <= t) client_connect(&run, c);
            else if (c->state != WAITING && c->state != READY && t - c->begun > run.timeout) client_drop(&run, c, 2 * drand48());
        }
        work(0.002);
    }
    return now() - begin;
}

struct sending {
    long sent, late; /* late: a board had WINDOW under way and was passed over */
    double seconds;
};

static void publish_one(struct client *c) {
    static uint8_t payload[PAYLOAD > TELEMETRY_ROOM ? PAYLOAD : TELEMETRY_ROOM] = {0};
    size_t len = PAYLOAD;
    if (telemetry) len = telemetry_write((char *)payload, c->name, c->topic, ++c->seq);
    else {
        double stamp = now();
        memcpy(payload, &stamp, sizeof stamp);
    }
    client_publish(&run, c, payload, len);
}

/* Messages that have got where they were to go, as far as it is seen here. */
static long arrived(void) {
    return clients[0].subscribes ? run.delivered : run.puback;
}

static struct sending publish_all(double rate, double seconds) {
    struct sending s = {0};
    size_t next = 1;
    double begin = now(), t;
    while ((t = now()) - begin < seconds) {
        long owed = (long)((t - begin) * rate) - s.sent - s.late;
        for (; owed > 0; owed--) {
            struct client *c = &clients[next];
            if (++next == count) next = 1;
            if (c->state != READY || c->under_way >= WINDOW) {
                s.late++;
                continue;
            }
            publish_one(c);
            s.sent++;
        }
        work(0.001);
    }
    s.seconds = now() - begin;
    for (double end = now() + DRAIN; arrived() < s.sent && now() < end;) work(0.01);
    return s;
}

static int ascending(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double at(double *values, long n, double share) {
    if (n == 0) return 0;
    return values[(long)((double)(n - 1) * share)];
}

static double cpu(void) {
    struct rusage u;
    getrusage(RUSAGE_SELF, &u);
    return (double)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) + (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec) / 1e6;
}

static void set_up(char **argv) {
    struct rlimit files = {65536, 65536};
    setrlimit(RLIMIT_NOFILE, &files);
    run.port = atoi(argv[1]);
    run.qos = atoi(argv[4]);
    run.epoll = epoll_create1(0);
    run.on_ready = on_ready;
    run.on_message = on_message;
    if (strcmp(argv[2], "-") != 0) {
        run.tls = SSL_CTX_new(TLS_client_method());
        SSL_CTX_set_min_proto_version(run.tls, TLS1_3_VERSION);
        SSL_CTX_set_mode(run.tls, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER | SSL_MODE_RELEASE_BUFFERS);
        if (SSL_CTX_load_verify_locations(run.tls, argv[2], NULL) != 1) exit(2);
        SSL_CTX_set_verify(run.tls, SSL_VERIFY_PEER, NULL);
    }
    read_accounts(argv[3]);
    handshakes = calloc(count * 64, sizeof *handshakes);
    latency_room = (long)(atof(argv[6]) * (atof(argv[7]) + 1)) + 1;
    latencies = calloc((size_t)latency_room, sizeof *latencies);
}

int main(int argc, char **argv) {
    telemetry = argc == 9 && strcmp(argv[8], "telemetry") == 0;
    if (argc != 8 && !telemetry) {
        fprintf(stderr, "Usage: load PORT CA-FILE|- ACCOUNTS QOS SPREAD-S RATE SECONDS [telemetry]\n");
        return 2;
    }
    set_up(argv);
    client_connect(&run, &clients[0]);
    for (double end = now() + 10; run.ready < 1 && now() < end;) work(0.01);
    if (run.ready < 1) {
        fprintf(stderr, "the subscriber is refused\n");
        return 1;
    }
    double all = connect_all(atof(argv[5]));
    double rate = atof(argv[6]), cpu_before = cpu();
    printf("{\"connectSeconds\": %.2f, \"attemptsFailed\": %ld", all, run.failures);
    qsort(handshakes, (size_t)handshake_count, sizeof *handshakes, ascending);
    printf(", \"handshakeP50\": %.1f, \"handshakeP99\": %.1f", at(handshakes, handshake_count, 0.5), at(handshakes, handshake_count, 0.99));
    fflush(stdout);
    if (rate > 0 && all >= 0) {
        /* The runner reads the broker's own CPU at this moment. */
        fprintf(stderr, "publishing\n");
        struct sending s = publish_all(rate, atof(argv[7]));
        fprintf(stderr, "published\n");
        qsort(latencies, (size_t)latency_count, sizeof *latencies, ascending);
        printf(", \"sent\": %ld, \"notSent\": %ld, \"puback\": %ld, \"delivered\": %ld, \"seconds\": %.2f", s.sent, s.late, run.puback, run.delivered, s.seconds);
        printf(", \"latencyP50\": %.2f, \"latencyP99\": %.2f, \"generatorCpu\": %.2f", at(latencies, latency_count, 0.5), at(latencies, latency_count, 0.99), (cpu() - cpu_before) / s.seconds);
    }
    printf("}\n");
    return all < 0;
}
