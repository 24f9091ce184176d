#include "identity_store.hpp"

#include <array>
#include <charconv>

#include "esp_log.h"
#include "esp_random.h"
#include "esp_status.hpp"
#include "nvs_flash.h"
#include "provision_form.hpp"

namespace egiz::esp {
namespace {

constexpr const char* tag = "identity";
constexpr const char* partition = "ident";
constexpr const char* name_space = "ident";

Status missing(const char* key) {
    ESP_LOGE(tag, "%s is missing or too long", key);
    return Err::bad_argument;
}

Status method_of(std::string_view text, EapMethod& out) {
    if (text.empty()) out = EapMethod::none;
    else if (text == "tls") out = EapMethod::tls;
    else if (text == "peap") out = EapMethod::peap;
    else if (text == "ttls") out = EapMethod::ttls;
    else return missing("wifi_eap");
    return {};
}

}  // namespace

Status IdentityStore::open() {
    // Never erased on an error: an identity that cannot be read may still be read by a person with a cable.
    const esp_err_t code = nvs_flash_init_partition(partition);
    if (code != ESP_OK) return to_status(code);
    return to_status(nvs_open_from_partition(partition, name_space, NVS_READWRITE, &handle_));
}

Status IdentityStore::get(const char* key, char* out, std::size_t size) {
    std::size_t length = size;
    const esp_err_t code = nvs_get_str(handle_, key, out, &length);
    if (code == ESP_OK) return {};
    out[0] = '\0';
    if (code == ESP_ERR_NVS_NOT_FOUND) return Err::not_found;
    return code == ESP_ERR_NVS_INVALID_LENGTH ? Err::bad_argument : Err::io;
}

Status IdentityStore::load(ProvisionedIdentity& out) {
    const Status named = get("device_id", out.device_id);
    if (!named) return named;
    if (!get("factory_id", out.factory_id)) return missing("factory_id");
    if (!get("equip_type", out.equipment_type)) return missing("equip_type");
    if (!get("equip_id", out.equipment_id)) return missing("equip_id");
    if (!get("sensor_type", out.sensor_type)) return missing("sensor_type");
    if (!get("thing_id", out.thing_id)) return missing("thing_id");
    (void)get("ntp", out.ntp_server);  // the DHCP lease's servers come first in any case
    (void)get("phases", out.parts.phases);
    (void)get("meter_cal", out.parts.meter_calibration);
    (void)get("zones", out.parts.zones);
    (void)get("setpoint", out.parts.setpoint);
    (void)get("mains", out.parts.mains);
    const Status wifi = load_wifi(out.wifi);
    return wifi ? load_broker(out.broker) : wifi;
}

Status IdentityStore::load_wifi(WifiIdentity& out) {
    if (!get("wifi_ssid", out.ssid)) return missing("wifi_ssid");
    CText<8> method;
    (void)get("wifi_eap", method);
    const Status known = method_of(method.view(), out.eap);
    if (!known) return known;
    if (out.eap == EapMethod::none) return get("wifi_pass", out.password) ? Status() : missing("wifi_pass");
#ifdef CONFIG_ESP_WIFI_ENTERPRISE_SUPPORT
    (void)get("eap_identity", out.eap_identity);
    (void)get("eap_user", out.eap_username);
    (void)get("eap_pass", out.eap_password);
    (void)get("eap_cert", out.eap_certificate);
    (void)get("eap_key", out.eap_key);
    // Without both, any access point with the right name could collect the password.
    if (!get("eap_ca", out.eap_ca)) return missing("eap_ca");
    if (!get("eap_domain", out.eap_domain)) return missing("eap_domain");
    const bool certificate = !out.eap_certificate.empty() && !out.eap_key.empty();
    if (out.eap == EapMethod::tls && !certificate) return missing("eap_cert and eap_key");
    if (out.eap != EapMethod::tls && out.eap_username.empty()) return missing("eap_user");
    return {};
#else
    ESP_LOGE(tag, "this image has no WPA2-Enterprise: flash one of the *_enterprise environments");
    return Err::unsupported;
#endif
}

Status IdentityStore::load_broker(BrokerIdentity& out) {
    if (!get("mqtt_host", out.host)) return missing("mqtt_host");
    if (!get("ca", out.ca)) return missing("ca");
    (void)get("mqtt_pass", out.password);
    (void)get("cert", out.certificate);
    (void)get("key", out.key);
    const bool certificate = !out.certificate.empty() && !out.key.empty();
    if (out.password.empty() && !certificate) return missing("mqtt_pass, or cert and key");
    CText<5> port;
    if (!get("mqtt_port", port)) {
        out.port = certificate ? 8884 : 8883;
        return {};
    }
    const std::string_view text = port.view();
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out.port);
    return error == std::errc() && end == text.data() + text.size() && out.port != 0 ? Status() : missing("mqtt_port");
}

Status IdentityStore::put(std::string_view key, std::string_view value) {
    const ProvisionField* field = provision_field(key);
    if (field == nullptr || value.size() > field->longest) return Err::bad_argument;
    CText<15> name;
    static Pem text;  // too large for the web server's stack
    if (!name.assign(key) || !text.assign(value)) return Err::bad_argument;
    const esp_err_t code = nvs_set_str(handle_, name.c_str(), text.c_str());
    text.clear();
    return code == ESP_OK ? to_status(nvs_commit(handle_)) : to_status(code);
}

Status IdentityStore::erase() {
    const esp_err_t code = nvs_erase_all(handle_);
    return code == ESP_OK ? to_status(nvs_commit(handle_)) : to_status(code);
}

Status IdentityStore::withdraw() {
    const esp_err_t code = nvs_erase_key(handle_, "device_id");
    return code == ESP_OK ? to_status(nvs_commit(handle_)) : to_status(code);
}

Status IdentityStore::setup_password(CText<63>& out) {
    const Status stored = get("setup_pass", out);
    if (stored.ok() && out.view().size() >= 8) return {};
    // 32 letters and digits that cannot be taken for one another; 60 bits are enough for a network that lives 15 minutes.
    constexpr std::string_view alphabet = "abcdefghijkmnpqrstuvwxyz23456789";
    std::array<std::uint8_t, 12> noise{};
    esp_fill_random(noise.data(), noise.size());
    std::array<char, 12> password{};
    for (std::size_t i = 0; i < password.size(); ++i) password[i] = alphabet[noise[i] % alphabet.size()];
    if (!out.assign({password.data(), password.size()})) return Err::no_space;
    const esp_err_t code = nvs_set_str(handle_, "setup_pass", out.c_str());
    return code == ESP_OK ? to_status(nvs_commit(handle_)) : to_status(code);
}

}  // namespace egiz::esp
