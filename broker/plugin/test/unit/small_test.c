/* The small parts: bucket, throttle, client table, families, options. */
#include "broker_api.h"
#include "bucket.h"
#include "check.h"
#include "client.h"
#include "family.h"
#include "options.h"
#include "throttle.h"

#include <stdlib.h>

#define MS 1000000u

static void bucket_holds_rate_and_burst(void) {
    struct bucket bucket = {0};
    bucket_limit(&bucket, 100, 20);
    uint64_t now = 5000u * (uint64_t)MS;
    int passed = 0;
    for (int i = 0; i < 50; i++) passed += bucket_take(&bucket, now);
    CHECK_INT(20, passed);
    passed = 0;
    for (int i = 0; i < 1000; i++) passed += bucket_take(&bucket, now += MS);
    CHECK_INT(100, passed);
    now += 3600u * 1000u * (uint64_t)MS;
    passed = 0;
    for (int i = 0; i < 50; i++) passed += bucket_take(&bucket, now);
    CHECK_INT(20, passed);
}

static void bucket_without_limit(void) {
    struct bucket bucket = {0};
    bucket_limit(&bucket, 0, 1);
    for (int i = 0; i < 1000; i++) CHECK(bucket_take(&bucket, 1));
    bucket_limit(&bucket, 1000000, 1000000);
    CHECK(bucket_take(&bucket, 1));
}

static void throttle_counts_what_it_holds(void) {
    struct throttle t = {0};
    CHECK_INT(1, throttle_hit(&t, 1000, 500));
    for (int i = 0; i < 9; i++) CHECK_INT(0, throttle_hit(&t, 1001 + i, 500));
    CHECK_INT(0, throttle_flush(&t, 1100, 500, false));
    CHECK_INT(10, throttle_hit(&t, 1600, 500));
    CHECK_INT(0, throttle_flush(&t, 9000, 500, false));
    CHECK_INT(1, throttle_hit(&t, 9000, 500));
    CHECK_INT(0, throttle_hit(&t, 9001, 500));
    CHECK_INT(1, throttle_flush(&t, 9002, 500, true));
}

const struct test limits_tests[] = {
    {"bucket: rate and burst hold", bucket_holds_rate_and_burst},
    {"bucket: no limit", bucket_without_limit},
    {"throttle: the first at once, the rest counted", throttle_counts_what_it_holds},
    {NULL, NULL},
};

/* Random comings and goings against a plain list. */
#define KEYS 700
static void table_agrees_with_a_list(void) {
    struct clients clients = {0};
    static char heap[KEYS * 64];
    static struct client *in[KEYS];
    memset(in, 0, sizeof in);
    size_t count = 0;
    srand(1);
    for (int step = 0; step < 40000; step++) {
        size_t i = (size_t)rand() % KEYS;
        const struct mosquitto *key = (const void *)&heap[i * 64];
        CHECK(clients_find(&clients, key) == in[i]);
        if (in[i] == NULL) {
            in[i] = clients_add(&clients, key, "id", i % 2 ? "account" : NULL);
            count++;
        } else {
            clients_remove(&clients, in[i]);
            in[i] = NULL;
            count--;
        }
        CHECK_INT(count, clients.count);
    }
    for (size_t i = 0; i < KEYS; i++) CHECK(clients_find(&clients, (const void *)&heap[i * 64]) == in[i]);
    clients_free(&clients);
}

const struct test client_tests[] = {
    {"client: the table agrees with a list", table_agrees_with_a_list},
    {NULL, NULL},
};

static const char *family(struct families *families, const char *topic) {
    static char name[64];
    family_name(families, family_of(families, topic), name, sizeof name);
    return name;
}

static void families_of_topics(void) {
    struct families f = {0};
    CHECK_TEXT("telemetry/electrical", family(&f, "openegiz/f/t/e/electrical/telemetry"));
    CHECK_TEXT("telemetry/environmental", family(&f, "openegiz/f/t/e/ambient/telemetry"));
    CHECK_TEXT("telemetry/environmental", family(&f, "openegiz/f/t/e/environmental/telemetry"));
    CHECK_TEXT("status", family(&f, "openegiz/f/t/e/electrical/status"));
    CHECK_TEXT("status", family(&f, "openegiz/f/t/e/status"));
    CHECK_TEXT("command", family(&f, "openegiz/f/t/e/command"));
    CHECK_TEXT("clients/config", family(&f, "tenants/t/clients/c/commands/config"));
    CHECK_TEXT("clients/status", family(&f, "tenants/t/clients/c/status"));
    CHECK_TEXT("clients/telemetry", family(&f, "tenants/t/clients/c/telemetry/plc/fast"));
    CHECK_TEXT("clients/meta", family(&f, "tenants/t/clients/c/meta/plc/fast"));
    const char *others[] = {"", "/", "openegiz", "openegiz/f/t/e/s/x", "tenants/t/users/c/status",
                            "tenants/t/clients/c/telemetry", "x/f/t/e/electrical/telemetry",
                            "openegiz/f/t/e/s/telemetry/x", "tenants/t/clients/c/commands/config/x"};
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) CHECK_TEXT("other", family(&f, others[i]));
}

static void families_are_bounded(void) {
    struct families f = {0};
    char topic[96];
    for (int i = 0; i < 100; i++) {
        snprintf(topic, sizeof topic, "openegiz/f/t/e/sensor%d/telemetry", i);
        family(&f, topic);
    }
    CHECK_INT(FAMILY_SENSOR_FIRST + FAMILY_SENSORS_MAX, family_count(&f));
    CHECK_TEXT("telemetry/other", family(&f, "openegiz/f/t/e/late/telemetry"));
    struct families g = {0};
    CHECK_TEXT("telemetry/other", family(&g, "openegiz/f/t/e/a b/telemetry"));
    CHECK_TEXT("telemetry/other", family(&g, "openegiz/f/t/e//telemetry"));
    CHECK_TEXT("telemetry/other", family(&g, "openegiz/f/t/e/other/telemetry"));
    CHECK_TEXT("telemetry/other",
               family(&g, "openegiz/f/t/e/a123456789a123456789a123456789ab/telemetry"));
    CHECK_INT(0, g.sensor_count);
}

const struct test family_tests[] = {
    {"family: each topic of the specification", families_of_topics},
    {"family: never more than there is room for", families_are_bounded},
    {NULL, NULL},
};

static bool parse_one(struct options *o, const char *key, const char *value, char *what) {
    struct mosquitto_opt opt = {(char *)key, (char *)value};
    return options_parse(o, &opt, 1, what, 160);
}

static void options_and_presets(void) {
    struct options o;
    char what[160];
    CHECK(options_parse(&o, NULL, 0, what, sizeof what));
    CHECK_INT(100, o.rate);
    CHECK_INT(100, o.burst);
    CHECK(!o.acl_final && !o.any_client_id && !o.cert_login && o.acl_file == NULL);
    options_free(&o);
    CHECK(parse_one(&o, "rate", "0", what) && o.rate == 0 && o.burst == 1);
    CHECK(parse_one(&o, "acl_decides", "guard", what) && o.acl_final);
    CHECK(parse_one(&o, "client_id", "any", what) && o.any_client_id);
    CHECK(parse_one(&o, "acl_file", "/etc/acl", what));
    CHECK_TEXT("/etc/acl", o.acl_file);
    options_free(&o);
}

static void wrong_options(void) {
    const char *wrong[][3] = {{"nonsense", "1", "no option nonsense"},
                              {"rate", "1e3", "rate must be a number from 0 to"},
                              {"rate", NULL, "rate must be a number"},
                              {"burst", "0", "burst must be a number from 1"},
                              {"acl_file", "relative", "absolute path"},
                              {"cert_login", "yes", "false or true"},
                              {"audit_max_bytes", "10", "from 65536"}};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        struct options o;
        char what[160];
        CHECK(!parse_one(&o, wrong[i][0], wrong[i][1], what));
        CHECK_HAS(wrong[i][2], what);
        options_free(&o);
    }
}

const struct test options_tests[] = {
    {"options: presets and values", options_and_presets},
    {"options: wrong ones are named", wrong_options},
    {NULL, NULL},
};
