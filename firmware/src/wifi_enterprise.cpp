// WPA2-Enterprise (FR-1.1). The RADIUS server must show a certificate of our CA and with the expected name: without
// both checks any access point with the right name could collect the password (or impersonate the network).
#include "wifi_station.hpp"

#ifdef CONFIG_ESP_WIFI_ENTERPRISE_SUPPORT

#include "esp_eap_client.h"
#include "esp_status.hpp"

namespace egiz::esp {
namespace {

const unsigned char* bytes(const char* text) { return reinterpret_cast<const unsigned char*>(text); }

template <std::size_t N>
int length(const CText<N>& text) {
    return static_cast<int>(text.view().size());
}

// PEM is given with its terminating zero.
int pem_length(const Pem& pem) { return length(pem) + 1; }

esp_eap_method_t method(EapMethod eap) {
    switch (eap) {
        case EapMethod::tls: return ESP_EAP_TYPE_TLS;
        case EapMethod::peap: return ESP_EAP_TYPE_PEAP;
        case EapMethod::ttls: return ESP_EAP_TYPE_TTLS;
        case EapMethod::none: break;
    }
    return ESP_EAP_TYPE_NONE;
}

esp_err_t set_server_checks(const WifiIdentity& identity) {
    esp_err_t code = esp_eap_client_set_ca_cert(bytes(identity.eap_ca.c_str()), pem_length(identity.eap_ca));
    if (code == ESP_OK) code = esp_eap_client_set_domain_name(identity.eap_domain.c_str());
    // The clock starts at the build time or the last stored one, so validity dates can be checked before NTP.
    if (code == ESP_OK) code = esp_eap_client_set_disable_time_check(false);
    return code;
}

esp_err_t set_credentials(const WifiIdentity& identity) {
    if (identity.eap == EapMethod::tls) {
        return esp_eap_client_set_certificate_and_key(
            bytes(identity.eap_certificate.c_str()), pem_length(identity.eap_certificate),
            bytes(identity.eap_key.c_str()), pem_length(identity.eap_key), nullptr, 0);
    }
    esp_err_t code = esp_eap_client_set_username(bytes(identity.eap_username.c_str()), length(identity.eap_username));
    if (code == ESP_OK) {
        code = esp_eap_client_set_password(bytes(identity.eap_password.c_str()), length(identity.eap_password));
    }
    if (code == ESP_OK && identity.eap == EapMethod::ttls) {
        code = esp_eap_client_set_ttls_phase2_method(ESP_EAP_TTLS_PHASE2_MSCHAPV2);
    }
    return code;
}

}  // namespace

Status configure_enterprise(const WifiIdentity& identity) {
    esp_err_t code = set_server_checks(identity);
    // One method only: a server must not be able to ask for a weaker one.
    if (code == ESP_OK) code = esp_eap_client_set_eap_methods(method(identity.eap));
    if (code == ESP_OK) code = set_credentials(identity);
    if (code == ESP_OK && !identity.eap_identity.empty()) {
        code = esp_eap_client_set_identity(bytes(identity.eap_identity.c_str()), length(identity.eap_identity));
    }
    if (code == ESP_OK) code = esp_wifi_sta_enterprise_enable();
    return to_status(code);
}

}  // namespace egiz::esp

#else

namespace egiz::esp {

Status configure_enterprise(const WifiIdentity&) { return Err::unsupported; }

}  // namespace egiz::esp

#endif
