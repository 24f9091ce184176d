#include "tls.h"

#include "broker_api.h"

#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <stdlib.h>
#include <string.h>

/* A TLS connection whose client has not logged in yet. Oldest first: logins
 * come roughly in the order in which connections were made. */
struct handshake {
    SSL *ssl;
    struct handshake *prev;
    struct handshake *next;
    bool waiting;
};

static struct handshake *oldest;
static struct handshake *newest;
static int watch_index = -1;
static bool ties;
/* Under which index the broker keeps its client; found out by looking. */
static int client_index = -1;
#define INDEX_MAX 16

static void leave(struct handshake *h) {
    if (!h->waiting) return;
    if (h->prev != NULL) h->prev->next = h->next;
    else oldest = h->next;
    if (h->next != NULL) h->next->prev = h->prev;
    else newest = h->prev;
    h->waiting = false;
}

static void on_new(void *parent, void *ptr, CRYPTO_EX_DATA *ad, int idx, long argl, void *argp) {
    (void)ptr, (void)argl, (void)argp;
    struct handshake *h = calloc(1, sizeof *h);
    if (h == NULL) return;
    h->ssl = parent;
    h->prev = newest;
    h->waiting = true;
    if (newest != NULL) newest->next = h;
    else oldest = h;
    newest = h;
    if (!CRYPTO_set_ex_data(ad, idx, h)) {
        leave(h);
        free(h);
    }
}

static void on_free(void *parent, void *ptr, CRYPTO_EX_DATA *ad, int idx, long argl, void *argp) {
    (void)parent, (void)ad, (void)idx, (void)argl, (void)argp;
    struct handshake *h = ptr;
    if (h == NULL) return;
    leave(h);
    free(h);
}

void tls_watch_start(bool broker_ties_clients) {
    ties = broker_ties_clients;
    watch_index = SSL_get_ex_new_index(0, NULL, on_new, NULL, on_free);
}

void tls_watch_stop(void) {
    if (watch_index < 0) return;
    /* The connections outlive the plugin; its callbacks must not. */
    CRYPTO_free_ex_index(CRYPTO_EX_INDEX_SSL, watch_index);
    watch_index = -1;
    client_index = -1;
    oldest = newest = NULL;
}

static bool is_tied_to(SSL *ssl, const struct mosquitto *client) {
    if (client_index >= 0) return SSL_get_ex_data(ssl, client_index) == client;
    for (int i = 0; i < INDEX_MAX; i++) {
        if (i == watch_index || SSL_get_ex_data(ssl, i) != client) continue;
        client_index = i;
        return true;
    }
    return false;
}

static const char *version_name(const SSL *ssl) {
    switch (SSL_version(ssl)) {
    case TLS1_3_VERSION: return "TLSv1.3";
    case TLS1_2_VERSION: return "TLSv1.2";
    case TLS1_1_VERSION: return "TLSv1.1";
    case TLS1_VERSION: return "TLSv1";
    default: return NULL;
    }
}

static const char *version_of(const struct mosquitto *client, const X509 *certificate) {
    struct handshake *h = oldest;
    for (int steps = 0; h != NULL && steps < TLS_WALK_MAX; steps++, h = h->next) {
        bool found = ties ? is_tied_to(h->ssl, client)
                          : SSL_get0_peer_certificate(h->ssl) == certificate;
        if (!found) continue;
        leave(h);
        return version_name(h->ssl);
    }
    return NULL;
}

const char *tls_version_of(const struct mosquitto *client) {
    X509 *certificate = mosquitto_client_certificate(client);
    const char *version = ties || certificate != NULL ? version_of(client, certificate) : NULL;
    X509_free(certificate);
    return version;
}

bool tls_has_certificate(const struct mosquitto *client) {
    X509 *certificate = mosquitto_client_certificate(client);
    X509_free(certificate);
    return certificate != NULL;
}

enum tls_name tls_common_name(const struct mosquitto *client, char *name, size_t size) {
    X509 *certificate = mosquitto_client_certificate(client);
    if (certificate == NULL) return TLS_NO_CERTIFICATE;
    enum tls_name result = TLS_NAME_BAD;
    X509_NAME *subject = X509_get_subject_name(certificate);
    int at = X509_NAME_get_index_by_NID(subject, NID_commonName, -1);
    /* A second common name would leave open which one was meant. */
    if (at >= 0 && X509_NAME_get_index_by_NID(subject, NID_commonName, at) < 0) {
        int len = X509_NAME_get_text_by_NID(subject, NID_commonName, name, (int)size);
        if (len > 0 && (size_t)len < size - 1 && strlen(name) == (size_t)len) result = TLS_NAME_OK;
    }
    X509_free(certificate);
    return result;
}
