/* Files and certificates: what the guard makes of right and wrong ones, at the
 * start and at a reload. */
#include "guard_test.h"

#include <openssl/x509.h>

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

const struct test guard_files_tests[] = {
    {"guard: rights, a wrong reload, a good one", rights_and_reload},
    {"guard 2.0: asked again at a reload", asked_again_at_a_reload},
    {"guard: certificates give the account", certificates},
    {"guard 2.0: what never logs in", before_any_login},
    {"guard: starts only with good files and once", starts_only_with_good_files},
    {NULL, NULL},
};
