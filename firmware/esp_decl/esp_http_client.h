#pragma once
#include "esp_err.h"

typedef struct esp_http_client* esp_http_client_handle_t;
typedef enum {
    ESP_HTTP_CLIENT_TLS_VER_ANY = 0,
    ESP_HTTP_CLIENT_TLS_VER_TLS_1_2 = 0x1,
    ESP_HTTP_CLIENT_TLS_VER_TLS_1_3 = 0x2,
} esp_http_client_proto_ver_t;

typedef struct {
    const char* url;
    const char* cert_pem;
    size_t cert_len;
    const char* client_cert_pem;
    size_t client_cert_len;
    const char* client_key_pem;
    size_t client_key_len;
    esp_http_client_proto_ver_t tls_version;
    int timeout_ms;
    bool disable_auto_redirect;
    int buffer_size;
    int buffer_size_tx;
    bool skip_cert_common_name_check;
    bool keep_alive_enable;
} esp_http_client_config_t;

#ifdef __cplusplus
extern "C" {
#endif
esp_http_client_handle_t esp_http_client_init(const esp_http_client_config_t* config);
esp_err_t esp_http_client_set_header(esp_http_client_handle_t client, const char* key, const char* value);
esp_err_t esp_http_client_set_timeout_ms(esp_http_client_handle_t client, int timeout_ms);
esp_err_t esp_http_client_open(esp_http_client_handle_t client, int write_len);
int64_t esp_http_client_fetch_headers(esp_http_client_handle_t client);
int esp_http_client_get_status_code(esp_http_client_handle_t client);
int esp_http_client_read(esp_http_client_handle_t client, char* buffer, int len);
bool esp_http_client_is_complete_data_received(esp_http_client_handle_t client);
esp_err_t esp_http_client_close(esp_http_client_handle_t client);
esp_err_t esp_http_client_cleanup(esp_http_client_handle_t client);
#ifdef __cplusplus
}
#endif
