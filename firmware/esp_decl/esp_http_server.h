#pragma once
#include "esp_err.h"

typedef void* httpd_handle_t;
typedef enum { HTTP_DELETE = 0, HTTP_GET = 1, HTTP_HEAD = 2, HTTP_POST = 3 } httpd_method_t;

typedef struct httpd_config {
    unsigned task_priority;
    size_t stack_size;
    uint16_t server_port;
    uint16_t max_open_sockets;
    uint16_t max_uri_handlers;
    bool lru_purge_enable;
} httpd_config_t;
#define HTTPD_DEFAULT_CONFIG() \
    { 5, 4096, 80, 7, 8, false }

typedef struct httpd_req {
    httpd_handle_t handle;
    int method;
    size_t content_len;
    void* user_ctx;
} httpd_req_t;

typedef struct httpd_uri {
    const char* uri;
    httpd_method_t method;
    esp_err_t (*handler)(httpd_req_t* request);
    void* user_ctx;
} httpd_uri_t;

#define HTTPD_SOCK_ERR_TIMEOUT -3

#ifdef __cplusplus
extern "C" {
#endif
esp_err_t httpd_start(httpd_handle_t* handle, const httpd_config_t* config);
esp_err_t httpd_stop(httpd_handle_t handle);
esp_err_t httpd_register_uri_handler(httpd_handle_t handle, const httpd_uri_t* uri_handler);
int httpd_req_recv(httpd_req_t* request, char* buffer, size_t length);
esp_err_t httpd_resp_send(httpd_req_t* request, const char* text, ptrdiff_t length);
esp_err_t httpd_resp_set_status(httpd_req_t* request, const char* status);
esp_err_t httpd_resp_set_type(httpd_req_t* request, const char* type);
esp_err_t httpd_resp_set_hdr(httpd_req_t* request, const char* field, const char* value);
#ifdef __cplusplus
}
#endif
