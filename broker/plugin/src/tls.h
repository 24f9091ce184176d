/* What TLS knows of a client: the version its connection negotiated, and the
 * common name of its certificate. */
#ifndef GUARD_TLS_H
#define GUARD_TLS_H

#include <stdbool.h>
#include <stddef.h>

struct mosquitto;

/* The plugin interface does not show a client's TLS connection. OpenSSL calls
 * back for every new one instead, and the broker ties its client to it; so
 * the guard can look the client up. Call before the listeners start. */
bool tls_watch_start(void);
void tls_watch_stop(void);

/* "TLSv1.3", or NULL when the client has no TLS connection or it cannot be
 * found. Static text. Costs a walk over the connections still logging in, at
 * most TLS_WALK_MAX. Asked once, at login. */
#define TLS_WALK_MAX 256
const char *tls_version_of(const struct mosquitto *client);

enum tls_name { TLS_NO_CERTIFICATE, TLS_NAME_BAD, TLS_NAME_OK };

/* The subject CN of the client's certificate. TLS_NAME_BAD: there is none, it
 * holds a NUL or does not fit. */
enum tls_name tls_common_name(const struct mosquitto *client, char *name, size_t size);

#endif
