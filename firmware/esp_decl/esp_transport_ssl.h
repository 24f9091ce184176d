#pragma once
#include "esp_tls.h"
#include "esp_transport.h"

#ifdef __cplusplus
extern "C" {
#endif
void esp_transport_ssl_set_tls_version(esp_transport_handle_t transport, esp_tls_proto_ver_t version);
#ifdef __cplusplus
}
#endif
