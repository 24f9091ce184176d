/* The guard's answers to the broker's events, for each broker's way of
 * telling (or not telling) how a login came out. */
#include "guard_test.h"

static void logins(enum fake_version version) {
    char *audit;
    CHECK(fake_start(version, RIGHTS, ACCOUNTS, NULL));
    struct mosquitto *dev = fake_client("dev", "dev");
    CHECK(fake_login(dev, true));
    fake_tick();
    CHECK(!fake_login(fake_client("dev", "dev"), false));
    CHECK(!fake_login(fake_client("svc", "dev"), true));
    struct mosquitto *svc = fake_client("svc-1", "svc");
    CHECK(fake_login(svc, true));
    /* Without a tick in between 2.0.22 shows no difference to a refusal. */
    if (version == FAKE_2_0_22) fake_tick();
    fake_leave(svc, version == FAKE_2_1 ? MOSQ_ERR_CONN_LOST : -1);
    fake.now += 10u * (uint64_t)SECOND;
    fake_tick();
    CHECK_HAS("$SYS/broker/egiz/auth/client_ids_refused 1\n", fake.published);
    fake_leave(dev, -1);
    fake_stop(&audit);
    events(audit, "connect", 2);
    events(audit, "refused", 2);
    events(audit, "disconnect", 2);
    events(audit, "takeover", 0);
    CHECK_HAS("unknown account or wrong password", audit);
    CHECK_HAS("the client id is not the account's", audit);
    CHECK_INT(version == FAKE_2_1, count_of(audit, "the connection was lost"));
    free(audit);
}

static void logins_2_0_11(void) { logins(FAKE_2_0_11); }
static void logins_2_0_22(void) { logins(FAKE_2_0_22); }
static void logins_2_1(void) { logins(FAKE_2_1); }

static void takeover(enum fake_version version) {
    char *audit;
    CHECK(fake_start(version, RIGHTS, NULL, NULL));
    struct mosquitto *first = fake_client("dev", "dev");
    CHECK(fake_login(first, true));
    fake_tick();
    struct mosquitto *second = fake_client("dev", "dev");
    CHECK(fake_login(second, true));
    /* The old one's will is published before its end is told. */
    CHECK_INT(DENIED, fake_access(first, "will/topic", WRITE));
    fake_leave(first, version == FAKE_2_1 ? 142 : -1);
    fake_tick();
    fake_leave(second, 0);
    fake_stop(&audit);
    events(audit, "connect", 2);
    events(audit, "takeover", 1);
    events(audit, "disconnect", 1);
    CHECK_HAS("\"by_account\":\"dev\",\"by_address\":\"192.0.2.1\"", audit);
    free(audit);
}

static void takeover_2_0(void) { takeover(FAKE_2_0_11); }
static void takeover_2_1(void) { takeover(FAKE_2_1); }

static void limits(enum fake_version version) {
    char *audit;
    CHECK(fake_start(version, RIGHTS, ACCOUNTS, NULL));
    struct mosquitto *dev = fake_client("dev", "dev");
    struct mosquitto *svc = fake_client("svc", "svc");
    CHECK(fake_login(dev, true));
    CHECK(fake_login(svc, true));
    for (int i = 0; i < 5; i++) CHECK_INT(0, fake_publish(dev, "a/dev"));
    CHECK_INT(version == FAKE_2_1 ? QUOTA : DENIED, fake_publish(dev, "a/dev"));
    CHECK_INT(version == FAKE_2_1 ? QUOTA : DENIED, fake_publish(dev, "a/dev"));
    for (int i = 0; i < 100; i++) CHECK_INT(0, fake_publish(svc, "a/x"));
    fake_leave(dev, 0);
    fake_leave(svc, 0);
    fake_stop(&audit);
    events(audit, "rate_limited", 2);
    CHECK_INT(2, count_of(audit, "\"count\":1}"));
    free(audit);
}

static void counters_by_the_clock(void) {
    CHECK(fake_start(FAKE_2_0_11, NULL, NULL, "sys_interval 2", "rate 10", NULL));
    struct mosquitto *dev = fake_client("dev", "dev");
    CHECK(fake_login(dev, true));
    fake_tick();
    for (int i = 0; i < 30; i++) fake_publish(dev, "openegiz/f/t/e/thermal/telemetry");
    fake.now += SECOND;
    fake_tick();
    CHECK(strstr(fake.published, "thermal") == NULL);
    for (int i = 0; i < 30; i++) fake_publish(dev, "openegiz/f/t/e/thermal/telemetry");
    fake.now += SECOND;
    fake_tick();
    CHECK_HAS("messages/telemetry/thermal/count 20\n", fake.published);
    CHECK_HAS("messages/telemetry/thermal/rate 10.00\n", fake.published);
    CHECK_HAS("rate_limited 40\n", fake.published);
    fake_leave(dev, -1);
    fake_stop(NULL);
}

static void a_login_without_an_outcome_is_forgotten(void) {
    CHECK(fake_start(FAKE_2_1, NULL, NULL, NULL));
    struct mosquitto *probe = fake_client("probe", "probe");
    struct mosquitto_evt_basic_auth event = {.client = probe};
    CHECK_INT(OK, fake_call(MOSQ_EVT_BASIC_AUTH, &event));
    fake.now += 61u * (uint64_t)SECOND;
    fake_tick();
    CHECK_HAS("clients/connected 0\n", fake.published);
    /* Its end is now a stranger's and says nothing. */
    fake_leave(probe, MOSQ_ERR_CONN_LOST);
    char *audit;
    fake_stop(&audit);
    events(audit, "refused", 0);
    events(audit, "disconnect", 0);
    free(audit);
}

static void limits_2_0(void) { limits(FAKE_2_0_11); }
static void limits_2_1(void) { limits(FAKE_2_1); }

static void an_unseen_borrowed_id_is_banned_and_kicked(enum fake_version version) {
    char *audit;
    CHECK(fake_start(version, RIGHTS, NULL, NULL));
    struct mosquitto *thief = fake_client("dev", "svc");
    fake_login_unseen(thief);
    /* A resumed session gets messages before it does anything. */
    CHECK_INT(DENIED, fake_access(thief, "a/x", READ));
    CHECK_INT(DENIED, fake_access(thief, "a/#", SUBSCRIBE));
    CHECK_INT(DENIED, fake_publish(thief, "a/x"));
    CHECK_TEXT("", fake.kicked);
    fake_tick();
    CHECK_TEXT("dev ", fake.kicked);
    fake_tick();
    CHECK_TEXT("dev ", fake.kicked);
    fake_leave(thief, -1);
    fake_tick();
    fake_stop(&audit);
    events(audit, "refused", 1);
    events(audit, "connect", 0);
    free(audit);
}

static void banned_2_0(void) { an_unseen_borrowed_id_is_banned_and_kicked(FAKE_2_0_11); }
static void banned_2_1(void) { an_unseen_borrowed_id_is_banned_and_kicked(FAKE_2_1); }

const struct test guard_tests[] = {
    {"guard 2.0.11: logins accepted and refused", logins_2_0_11},
    {"guard 2.0.22: logins accepted and refused", logins_2_0_22},
    {"guard 2.0: a takeover names both ends", takeover_2_0},
    {"guard 2.0: over the limit is 0x87, never an error", limits_2_0},
    {"guard: counters and rates by the clock", counters_by_the_clock},
    {"guard 2.0: an unseen borrowed id is banned and kicked", banned_2_0},
    {NULL, NULL},
};

const struct test guard21_tests[] = {
    {"guard 2.1: logins accepted and refused", logins_2_1},
    {"guard 2.1: a takeover names both ends", takeover_2_1},
    {"guard 2.1: over the limit is 0x97", limits_2_1},
    {"guard 2.1: an unseen borrowed id is banned and kicked", banned_2_1},
    {"guard 2.1: a login without an outcome is forgotten", a_login_without_an_outcome_is_forgotten},
    {NULL, NULL},
};
