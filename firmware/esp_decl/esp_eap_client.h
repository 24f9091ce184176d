#pragma once
#include "esp_err.h"

typedef enum {
    ESP_EAP_TTLS_PHASE2_EAP,
    ESP_EAP_TTLS_PHASE2_MSCHAPV2,
    ESP_EAP_TTLS_PHASE2_MSCHAP,
    ESP_EAP_TTLS_PHASE2_PAP,
    ESP_EAP_TTLS_PHASE2_CHAP,
} esp_eap_ttls_phase2_types;

typedef enum {
    ESP_EAP_TYPE_NONE = 0,
    ESP_EAP_TYPE_TLS = (1 << 0),
    ESP_EAP_TYPE_TTLS = (1 << 1),
    ESP_EAP_TYPE_PEAP = (1 << 2),
} esp_eap_method_t;

#ifdef __cplusplus
extern "C" {
#endif
esp_err_t esp_wifi_sta_enterprise_enable(void);
esp_err_t esp_eap_client_set_identity(const unsigned char* identity, int length);
esp_err_t esp_eap_client_set_username(const unsigned char* username, int length);
esp_err_t esp_eap_client_set_password(const unsigned char* password, int length);
esp_err_t esp_eap_client_set_ca_cert(const unsigned char* certificate, int length);
esp_err_t esp_eap_client_set_certificate_and_key(const unsigned char* certificate, int certificate_length,
                                                 const unsigned char* key, int key_length,
                                                 const unsigned char* key_password, int key_password_length);
esp_err_t esp_eap_client_set_disable_time_check(bool disable);
esp_err_t esp_eap_client_set_ttls_phase2_method(esp_eap_ttls_phase2_types type);
esp_err_t esp_eap_client_set_domain_name(const char* domain_name);
esp_err_t esp_eap_client_set_eap_methods(esp_eap_method_t methods);
#ifdef __cplusplus
}
#endif
