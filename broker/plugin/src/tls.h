/* What TLS knows of a client: the version its connection negotiated, and the
 * common name of its certificate. */
#ifndef GUARD_TLS_H
#define GUARD_TLS_H

#include <stdbool.h>
#include <stddef.h>

struct mosquitto;

/* The plugin interface does not show a client's TLS connection. OpenSSL calls
 * back for every new one instead; which client it belongs to is seen by the
 * tie that 2.1 makes between them, on 2.0 by the client's certificate. Call
 * before the listeners start. */
void tls_watch_start(bool broker_ties_clients);
void tls_watch_stop(void);

/* "TLSv1.3", or NULL when the client has no TLS connection or it cannot be
 * found: on 2.0 that is every client without a certificate. Static text.
 * Asked once, at login; walks over at most TLS_WALK_MAX of the connections
 * that are still logging in. */
#define TLS_WALK_MAX 256
const char *tls_version_of(const struct mosquitto *client);

/* A session without a connection has none either. */
bool tls_has_certificate(const struct mosquitto *client);

enum tls_name { TLS_NO_CERTIFICATE, TLS_NAME_BAD, TLS_NAME_OK };

/* The subject CN of the client's certificate. TLS_NAME_BAD: there is none, it
 * holds a NUL or does not fit. */
enum tls_name tls_common_name(const struct mosquitto *client, char *name, size_t size);

#endif
