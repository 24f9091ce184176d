/* The guard's answers to the broker's events, for each broker's way of
 * telling (or not telling) how a login came out. */
#include "check.h"
#include "fake_broker.h"

#include <openssl/evp.h>
#include <openssl/x509.h>
#include <stdlib.h>

#define RIGHTS "user dev\ntopic write a/dev\ntopic read cmd/dev\nuser svc\ntopic read a/#\n"
#define ACCOUNTS "egiz-accounts 1\naccount dev device rate=5 burst=5\naccount svc service\nend 2\n"
#define READ MOSQ_ACL_READ
#define WRITE MOSQ_ACL_WRITE
#define SUBSCRIBE MOSQ_ACL_SUBSCRIBE
#define OK MOSQ_ERR_PLUGIN_DEFER
#define DENIED MOSQ_ERR_ACL_DENIED
#define QUOTA (-6)
#define SECOND 1000000000u

static size_t count_of(const char *text, const char *part) {
    size_t count = 0;
    for (const char *s = text; (s = strstr(s, part)) != NULL; s++) count++;
    return count;
}

static void events(const char *audit, const char *kind, size_t expected) {
    char part[64];
    snprintf(part, sizeof part, "\"event\":\"%s\"", kind);
    if (count_of(audit, part) != expected) printf("%s", audit);
    CHECK_INT(expected, count_of(audit, part));
}

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

static void rights_and_reload(void) {
    char *audit;
    CHECK(fake_start(FAKE_2_0_11, RIGHTS, ACCOUNTS, NULL));
    struct mosquitto *dev = fake_client("dev", "dev");
    CHECK(fake_login(dev, true));
    CHECK_INT(OK, fake_access(dev, "a/dev", WRITE));
    CHECK_INT(DENIED, fake_access(dev, "a/other", WRITE));
    CHECK_INT(OK, fake_access(dev, "cmd/dev", SUBSCRIBE));
    CHECK_INT(DENIED, fake_access(dev, "#", SUBSCRIBE));
    CHECK_INT(OK, fake_access(dev, "#", MOSQ_ACL_UNSUBSCRIBE));
    fake_write("rights", "user dev\ntopic wirte a/dev\n");
    fake_reload();
    CHECK_HAS("everything is denied until the next good reload", fake.log);
    CHECK_INT(DENIED, fake_access(dev, "a/dev", WRITE));
    CHECK_INT(DENIED, fake_access(dev, "cmd/dev", READ));
    CHECK_INT(DENIED, fake_access(dev, "cmd/dev", SUBSCRIBE));
    fake_tick();
    CHECK_HAS("acl/denying_all 1\n", fake.published);
    fake_write("rights", "user dev\ntopic write b/dev\n");
    fake_reload();
    CHECK_INT(DENIED, fake_access(dev, "a/dev", WRITE));
    CHECK_INT(OK, fake_access(dev, "b/dev", WRITE));
    fake_leave(dev, -1);
    fake_stop(&audit);
    events(audit, "reload_failed", 1);
    events(audit, "reload", 1);
    CHECK_HAS("line 2: the access is not read", audit);
    free(audit);
}

static void asked_again_at_a_reload(void) {
    char *audit;
    CHECK(fake_start(FAKE_2_0_11, RIGHTS, ACCOUNTS, NULL));
    struct mosquitto *svc = fake_client("svc-1", "svc");
    CHECK(fake_login(svc, true));
    fake_tick();
    fake_reload();
    struct mosquitto *offline = fake_client("dev", "dev");
    CHECK(fake_login(offline, true)); /* a session without a connection */
    CHECK(fake_login(svc, true));
    fake_tick();
    fake_write("accounts", "egiz-accounts 1\naccount svc device\nend 1\n");
    fake_reload();
    CHECK(!fake_login(svc, true));
    fake_tick();
    fake_leave(offline, -1);
    fake_stop(&audit);
    events(audit, "connect", 1);
    CHECK_HAS("the login was withdrawn at a reload", audit);
    free(audit);
}

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

static X509 *certificate(const char *common_name, int len) {
    X509 *x = X509_new();
    X509_NAME *name = X509_get_subject_name(x);
    if (common_name != NULL) {
        X509_NAME_add_entry_by_NID(name, NID_commonName, MBSTRING_UTF8,
                                   (const unsigned char *)common_name, len, -1, 0);
    }
    return x;
}

static void certificates(void) {
    const struct { const char *name; int len; const char *id; bool in; } cases[] = {
        {"svc", 3, "svc-1", true}, {"svc", 3, "svc", true}, {"svc", 3, "dev", false},
        {"dev", 3, "dev-1", false}, {"dev\0x", 5, "dev", false}, {NULL, 0, "dev", false},
    };
    char *audit;
    CHECK(fake_start(FAKE_2_0_11, RIGHTS, ACCOUNTS, "cert_login true", NULL));
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct mosquitto *client = fake_client(cases[i].id, "someone");
        X509 *x = client->certificate = certificate(cases[i].name, cases[i].len);
        bool in = fake_login(client, false);
        CHECK_INT(cases[i].in, in);
        if (in) {
            CHECK_TEXT(cases[i].name, client->username);
            fake_reload();
            CHECK(fake_login(client, false)); /* asked again */
            fake_tick();
            fake_leave(client, -1);
        }
        X509_free(x);
    }
    fake_stop(&audit);
    events(audit, "refused", 4);
    events(audit, "connect", 2);
    CHECK_INT(2, count_of(audit, "no usable common name"));
    free(audit);
}

static void before_any_login(void) {
    char *audit;
    CHECK(fake_start(FAKE_2_0_11, NULL, NULL, NULL));
    for (int i = 0; i < 5; i++) {
        struct mosquitto *nobody = fake_client("", NULL);
        free(nobody->id);
        nobody->id = NULL;
        fake_leave(nobody, -1);
    }
    /* An old session ends when its client comes back: no event. */
    fake_leave(fake_client("dev", "dev"), -1);
    fake_tick();
    CHECK_HAS("closed_before_login 5\n", fake.published);
    fake_stop(&audit);
    events(audit, "closed_before_login", 1);
    events(audit, "disconnect", 0);
    free(audit);
}

static void starts_only_with_good_files(void) {
    CHECK(!fake_start(FAKE_2_0_11, "topic x\n", NULL, NULL));
    CHECK_HAS("not starting", fake.log);
    fake_stop(NULL);
    CHECK(!fake_start(FAKE_2_0_11, RIGHTS, "end 0\n", NULL));
    fake_stop(NULL);
    CHECK(!fake_start(FAKE_2_0_11, RIGHTS, NULL, "rate x", NULL));
    fake_stop(NULL);
    CHECK(fake_start(FAKE_2_0_11, NULL, NULL, NULL));
    CHECK_HAS("no acl_file: subscriptions are not checked", fake.log);
    void *second = NULL;
    int mosquitto_plugin_init(mosquitto_plugin_id_t *, void **, struct mosquitto_opt *, int);
    CHECK(mosquitto_plugin_init(NULL, &second, NULL, 0) != MOSQ_ERR_SUCCESS);
    fake_stop(NULL);
}

const struct test guard_tests[] = {
    {"guard 2.0.11: logins accepted and refused", logins_2_0_11},
    {"guard 2.0.22: logins accepted and refused", logins_2_0_22},
    {"guard 2.0: a takeover names both ends", takeover_2_0},
    {"guard 2.0: over the limit is 0x87, never an error", limits_2_0},
    {"guard: counters and rates by the clock", counters_by_the_clock},
    {"guard: rights, a wrong reload, a good one", rights_and_reload},
    {"guard 2.0: asked again at a reload", asked_again_at_a_reload},
    {"guard 2.0: an unseen borrowed id is banned and kicked", banned_2_0},
    {"guard: certificates give the account", certificates},
    {"guard 2.0: what never logs in", before_any_login},
    {"guard: starts only with good files and once", starts_only_with_good_files},
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
