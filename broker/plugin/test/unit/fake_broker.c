#include "fake_broker.h"

#include "check.h"

#include <openssl/x509.h>
#include <stdarg.h>
#include <stdlib.h>
#include <unistd.h>

#define EVENTS 32

struct fake_broker fake;
static MOSQ_FUNC_generic_callback callbacks[EVENTS];

int mosquitto_plugin_version(int count, const int *versions);
int mosquitto_plugin_init(mosquitto_plugin_id_t *id, void **userdata, struct mosquitto_opt *o, int n);
int mosquitto_plugin_cleanup(void *userdata, struct mosquitto_opt *options, int count);

uint64_t guard_now(void);
uint64_t guard_now(void) {
    return fake.now;
}

/* -- what a broker offers to plugins ------------------------------------ */

int mosquitto_callback_register(mosquitto_plugin_id_t *identifier, int event,
                                MOSQ_FUNC_generic_callback callback, const void *data, void *userdata) {
    (void)identifier, (void)data, (void)userdata;
    if (event > MOSQ_EVT_DISCONNECT && fake.version != FAKE_2_1) return MOSQ_ERR_NOT_SUPPORTED;
    callbacks[event] = callback;
    return MOSQ_ERR_SUCCESS;
}

void mosquitto_log_printf(int level, const char *format, ...) {
    (void)level;
    size_t len = strlen(fake.log);
    va_list args;
    va_start(args, format);
    vsnprintf(fake.log + len, sizeof fake.log - len, format, args);
    va_end(args);
}

const char *mosquitto_client_address(const struct mosquitto *client) { return client->address; }
const char *mosquitto_client_id(const struct mosquitto *client) { return client->id; }
const char *mosquitto_client_username(const struct mosquitto *client) { return client->username; }
int mosquitto_client_protocol_version(const struct mosquitto *client) { return client->id ? 5 : 0; }

void *mosquitto_client_certificate(const struct mosquitto *client) {
    if (client->certificate != NULL) X509_up_ref(client->certificate);
    return client->certificate;
}

int mosquitto_set_username(struct mosquitto *client, const char *username) {
    free(client->username);
    client->username = strdup(username);
    return MOSQ_ERR_SUCCESS;
}

int mosquitto_kick_client_by_clientid(const char *id, bool with_will) {
    (void)with_will;
    snprintf(fake.kicked + strlen(fake.kicked), sizeof fake.kicked - strlen(fake.kicked), "%s ", id);
    return MOSQ_ERR_SUCCESS;
}

int mosquitto_broker_publish_copy(const char *id, const char *topic, int len, const void *payload,
                                  int qos, bool retain, mosquitto_property *properties) {
    (void)id, (void)qos, (void)retain, (void)properties;
    size_t used = strlen(fake.published);
    snprintf(fake.published + used, sizeof fake.published - used, "%s %.*s\n", topic, len,
             (const char *)payload);
    return MOSQ_ERR_SUCCESS;
}

/* -- the broker's own doings -------------------------------------------- */

int fake_call(int event, void *data) {
    return callbacks[event] == NULL ? MOSQ_ERR_PLUGIN_DEFER : callbacks[event](event, data, fake.userdata);
}

static void path_of(const char *name, char *path, size_t size) {
    snprintf(path, size, "%s/%s", fake.dir, name);
}

void fake_write(const char *name, const char *text) {
    char path[80];
    path_of(name, path, sizeof path);
    FILE *file = fopen(path, "w");
    fputs(text, file);
    fclose(file);
}

static void option(struct mosquitto_opt *options, int *count, const char *key, const char *file) {
    static char paths[4][80];
    path_of(file, paths[*count], sizeof paths[0]);
    options[*count] = (struct mosquitto_opt){(char *)key, paths[*count]};
    (*count)++;
}

bool fake_start(enum fake_version version, const char *rights, const char *accounts, ...) {
    memset(&fake, 0, sizeof fake);
    memset(callbacks, 0, sizeof callbacks);
    fake.version = version;
    fake.now = 1000000000u;
    strcpy(fake.dir, "/tmp/egiz-guard-fake-XXXXXX");
    CHECK(mkdtemp(fake.dir) != NULL);
    struct mosquitto_opt options[16];
    int count = 0;
    option(options, &count, "audit_file", "audit");
    if (rights != NULL) fake_write("rights", rights), option(options, &count, "acl_file", "rights");
    if (accounts != NULL) {
        fake_write("accounts", accounts);
        option(options, &count, "account_file", "accounts");
    }
    static char extra[8][64];
    va_list args;
    va_start(args, accounts);
    const char *word;
    for (int i = 0; (word = va_arg(args, const char *)) != NULL; i++) {
        snprintf(extra[i], sizeof extra[i], "%s", word);
        char *space = strchr(extra[i], ' ');
        *space = '\0';
        options[count++] = (struct mosquitto_opt){extra[i], space + 1};
    }
    va_end(args);
    const int versions[] = {5, 4, 3, 2};
    CHECK_INT(5, mosquitto_plugin_version(4, versions));
    return mosquitto_plugin_init(NULL, &fake.userdata, options, count) == MOSQ_ERR_SUCCESS;
}

static char *take(const char *name) {
    char path[80];
    path_of(name, path, sizeof path);
    FILE *file = fopen(path, "r");
    if (file == NULL) return NULL;
    char *text = calloc(1, 1 << 20);
    size_t len = fread(text, 1, (1 << 20) - 1, file);
    CHECK(len > 0 || strcmp(name, "audit") == 0);
    fclose(file);
    unlink(path);
    return text;
}

void fake_stop(char **audit) {
    if (fake.userdata != NULL) mosquitto_plugin_cleanup(fake.userdata, NULL, 0);
    char *text = take("audit");
    if (audit != NULL) *audit = text;
    else free(text);
    free(take("rights"));
    free(take("accounts"));
    rmdir(fake.dir);
}

void fake_tick(void) {
    struct mosquitto_evt_tick tick = {0};
    fake_call(MOSQ_EVT_TICK, &tick);
    CHECK_INT(fake.version == FAKE_2_1 ? 100 : 0, tick.next_ns);
}

void fake_reload(void) {
    struct mosquitto_evt_reload reload = {0};
    int rc = fake_call(MOSQ_EVT_RELOAD, &reload);
    CHECK_INT(fake.version == FAKE_2_1 ? MOSQ_ERR_SUCCESS : MOSQ_ERR_PLUGIN_DEFER, rc);
}

struct mosquitto *fake_client(const char *id, const char *username) {
    struct mosquitto *client = calloc(1, sizeof *client);
    client->id = strdup(id);
    client->username = username == NULL ? NULL : strdup(username);
    client->address = "192.0.2.1";
    return client;
}

static void free_client(struct mosquitto *client) {
    free(client->id);
    free(client->username);
    free(client);
}

bool fake_login(struct mosquitto *client, bool password) {
    struct mosquitto_evt_basic_auth event = {.client = client, .username = client->username};
    int rc = fake_call(MOSQ_EVT_BASIC_AUTH, &event);
    bool in = rc == MOSQ_ERR_PLUGIN_DEFER ? password : rc == MOSQ_ERR_SUCCESS;
    if (in) {
        if (fake.version == FAKE_2_1) fake_login_unseen(client);
        return true;
    }
    if (fake.version == FAKE_2_0_11) {
        free(client->id);
        client->id = NULL;
    }
    fake_leave(client, fake.version == FAKE_2_1 ? MOSQ_ERR_AUTH : -1);
    return false;
}

void fake_login_unseen(struct mosquitto *client) {
    struct guard_evt_connect event = {.client = client};
    if (fake.version == FAKE_2_1) fake_call(GUARD_EVT_CONNECT, &event);
}

void fake_leave(struct mosquitto *client, int reason) {
    struct mosquitto_evt_disconnect event = {.client = client, .reason = reason};
    fake_call(MOSQ_EVT_DISCONNECT, &event);
    free_client(client);
}

int fake_access(struct mosquitto *client, const char *topic, int access) {
    struct mosquitto_evt_acl_check event = {.client = client, .topic = topic, .access = access};
    return fake_call(MOSQ_EVT_ACL_CHECK, &event);
}

int fake_publish(struct mosquitto *client, const char *topic) {
    struct mosquitto_evt_message event = {.client = client, .topic = (char *)topic};
    return fake_call(GUARD_EVT_MESSAGE, &event);
}
