#include "options.h"

#include "accounts.h"
#include "broker_api.h"
#include "number.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum shape { PATH, WORD, NUMBER };

struct option {
    const char *name;
    enum shape shape;
    size_t field; /* its offset in struct options */
    const char *no;  /* WORD: the word for false ... */
    const char *yes; /* ... and for true */
    uint32_t min;
    uint32_t max;
    uint32_t preset;
};

#define FIELD(name) offsetof(struct options, name)

static const struct option known[] = {
    {"acl_file", PATH, FIELD(acl_file), NULL, NULL, 0, 0, 0},
    {"account_file", PATH, FIELD(account_file), NULL, NULL, 0, 0, 0},
    {"audit_file", PATH, FIELD(audit_file), NULL, NULL, 0, 0, 0},
    {"acl_decides", WORD, FIELD(acl_final), "both", "guard", 0, 0, 0},
    {"client_id", WORD, FIELD(any_client_id), "account", "any", 0, 0, 0},
    {"cert_login", WORD, FIELD(cert_login), "false", "true", 0, 0, 0},
    {"rate", NUMBER, FIELD(rate), NULL, NULL, 0, RATE_MAX, 100},
    {"burst", NUMBER, FIELD(burst), NULL, NULL, 1, RATE_MAX, 0},
    {"audit_max_bytes", NUMBER, FIELD(audit_max_bytes), NULL, NULL, 65536, UINT32_MAX, 10485760},
    {"audit_keep", NUMBER, FIELD(audit_keep), NULL, NULL, 0, 999, 9},
    {"audit_queue", NUMBER, FIELD(audit_queue), NULL, NULL, 16, 1048576, 4096},
    {"audit_repeat", NUMBER, FIELD(audit_repeat), NULL, NULL, 0, 3600, 10},
    {"sys_interval", NUMBER, FIELD(sys_interval), NULL, NULL, 0, 3600, 10},
};

#define KNOWN (sizeof known / sizeof known[0])

static const struct option *option_find(const char *name) {
    for (size_t i = 0; i < KNOWN; i++) {
        if (strcmp(known[i].name, name) == 0) return &known[i];
    }
    return NULL;
}

static bool set_path(char **path, const char *value) {
    if (value[0] != '/') return false;
    free(*path);
    *path = strdup(value);
    return *path != NULL;
}

static bool set_word(bool *field, const struct option *option, const char *value) {
    if (strcmp(value, option->yes) == 0) *field = true;
    else if (strcmp(value, option->no) == 0) *field = false;
    else return false;
    return true;
}

static void explain(const struct option *option, char *what, size_t size) {
    switch (option->shape) {
    case PATH:
        snprintf(what, size, "%s must be an absolute path", option->name);
        break;
    case WORD:
        snprintf(what, size, "%s must be %s or %s", option->name, option->no, option->yes);
        break;
    case NUMBER:
        snprintf(what, size, "%s must be a number from %u to %u", option->name,
                 (unsigned)option->min, (unsigned)option->max);
        break;
    }
}

static bool set(struct options *options, const struct option *option, const char *value) {
    void *field = (char *)options + option->field;
    switch (option->shape) {
    case PATH: return set_path(field, value);
    case WORD: return set_word(field, option, value);
    case NUMBER: return number_parse(value, option->min, option->max, field);
    }
    return false;
}

static void preset(struct options *options) {
    memset(options, 0, sizeof *options);
    for (size_t i = 0; i < KNOWN; i++) {
        if (known[i].shape != NUMBER) continue;
        memcpy((char *)options + known[i].field, &known[i].preset, sizeof known[i].preset);
    }
}

bool options_parse(struct options *options, const struct mosquitto_opt *list, int count,
                   char *what, size_t size) {
    preset(options);
    for (int i = 0; i < count; i++) {
        const struct option *option = option_find(list[i].key);
        if (option == NULL) {
            snprintf(what, size, "there is no option %s", list[i].key);
            return false;
        }
        if (list[i].value == NULL || !set(options, option, list[i].value)) {
            explain(option, what, size);
            return false;
        }
    }
    /* A second's worth of messages, unless said otherwise. */
    if (options->burst == 0) options->burst = options->rate > 0 ? options->rate : 1;
    return true;
}

void options_free(struct options *options) {
    free(options->acl_file);
    free(options->account_file);
    free(options->audit_file);
    memset(options, 0, sizeof *options);
}
