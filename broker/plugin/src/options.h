/* The plugin's options: `plugin_opt_NAME value` in mosquitto.conf. */
#ifndef GUARD_OPTIONS_H
#define GUARD_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct mosquitto_opt;

struct options {
    char *acl_file;     /* NULL: rights are left to the broker */
    char *account_file; /* NULL: every account is a device with the defaults */
    char *audit_file;   /* NULL: no audit log */
    bool acl_final;     /* the broker's own acl_file is not asked any more */
    bool any_client_id;
    bool cert_login;
    uint32_t rate;
    uint32_t burst;
    uint32_t audit_max_bytes;
    uint32_t audit_keep;
    uint32_t audit_queue;
    uint32_t audit_repeat; /* s */
    uint32_t sys_interval; /* s, 0: off */
};

/* False with `what` (of `size` bytes) saying which option is wrong and why;
 * an option that nobody knows is wrong too. */
bool options_parse(struct options *options, const struct mosquitto_opt *list, int count,
                   char *what, size_t size);

void options_free(struct options *options);

#endif
