#include "counters.h"

#include "broker_api.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define TOPIC_SIZE 96

static void publish_text(const char *name, const char *text) {
    char topic[TOPIC_SIZE];
    snprintf(topic, sizeof topic, "$SYS/broker/egiz/%s", name);
    mosquitto_broker_publish_copy(NULL, topic, (int)strlen(text), text, 0, true, NULL);
}

static void publish_number(const char *name, uint64_t value) {
    char text[24];
    snprintf(text, sizeof text, "%" PRIu64, value);
    publish_text(name, text);
}

static void publish_family(struct counters *c, size_t family, uint64_t elapsed) {
    char name[FAMILY_SENSOR_LEN + 16];
    char topic[TOPIC_SIZE - 20];
    char rate[32];
    uint64_t total = c->families.messages[family];
    double seconds = (double)elapsed / 1e9;
    double fresh = (double)(total - c->published[family]);
    family_name(&c->families, family, name, sizeof name);
    snprintf(topic, sizeof topic, "messages/%s/count", name);
    publish_number(topic, total);
    snprintf(topic, sizeof topic, "messages/%s/rate", name);
    snprintf(rate, sizeof rate, "%.2f", elapsed == 0 ? 0.0 : fresh / seconds);
    publish_text(topic, rate);
    c->published[family] = total;
}

void counters_publish(struct counters *c, const struct gauges *gauges, uint64_t now) {
    const struct {
        const char *name;
        uint64_t value;
    } numbers[] = {
        {"clients/connected", gauges->connected},
        {"clients/connects", c->connects},
        {"clients/disconnects", c->disconnects},
        {"clients/takeovers", c->takeovers},
        {"clients/closed_before_login", c->closed_before_login},
        {"auth/failures", c->auth_failures},
        {"auth/client_ids_refused", c->client_ids_refused},
        {"acl/denied", c->denied_publish + c->denied_delivery + c->denied_subscribe},
        {"acl/denied/publish", c->denied_publish},
        {"acl/denied/delivery", c->denied_delivery},
        {"acl/denied/subscribe", c->denied_subscribe},
        {"acl/accounts", gauges->acl_accounts},
        {"acl/rules", gauges->acl_rules},
        {"acl/denying_all", gauges->denying_all},
        {"rate_limited", c->rate_limited},
        {"reloads", c->reloads},
        {"reloads/failed", c->reloads_failed},
        {"audit/written", gauges->audit_written},
        {"audit/dropped", gauges->audit_dropped},
    };
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
        publish_number(numbers[i].name, numbers[i].value);
    }
    uint64_t elapsed = c->published_at == 0 ? 0 : now - c->published_at;
    for (size_t i = 0; i < family_count(&c->families); i++) publish_family(c, i, elapsed);
    c->published_at = now;
}
