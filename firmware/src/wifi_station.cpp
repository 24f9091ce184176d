#include "wifi_station.hpp"

#include <algorithm>
#include <cstring>

#include "esp_log.h"
#include "esp_status.hpp"
#include "esp_wifi.h"

namespace egiz::esp {
namespace {

constexpr const char* tag = "wifi";

template <std::size_t N>
void copy_to(std::uint8_t (&out)[N], std::string_view text) {
    std::memcpy(out, text.data(), std::min(text.size(), N));
}

wifi_config_t station_config(const WifiIdentity& identity) {
    wifi_config_t config{};
    copy_to(config.sta.ssid, identity.ssid.view());
    copy_to(config.sta.password, identity.password.view());
    // All channels and the strongest: a fast scan stays with a far access point of the same name.
    config.sta.scan_method = WIFI_ALL_CHANNEL_SCAN;
    config.sta.sort_method = WIFI_CONNECT_AP_BY_SIGNAL;
    // Never open, WEP or WPA1, whatever an access point with our name offers.
    config.sta.threshold.authmode =
        identity.eap == EapMethod::none ? WIFI_AUTH_WPA2_PSK : WIFI_AUTH_WPA2_ENTERPRISE;
    config.sta.pmf_cfg.capable = true;
    return config;
}

}  // namespace

Status WifiStation::start(const WifiIdentity& identity, const char* hostname) {
    esp_netif_t* netif = esp_netif_create_default_wifi_sta();
    if (netif == nullptr) return Err::no_space;
    (void)esp_netif_set_hostname(netif, hostname);
    const wifi_init_config_t init = WIFI_INIT_CONFIG_DEFAULT();
    esp_err_t code = esp_wifi_init(&init);
    if (code != ESP_OK) return to_status(code);
    (void)esp_event_handler_instance_register(WIFI_EVENT, ESP_EVENT_ANY_ID, on_event, this, nullptr);
    (void)esp_event_handler_instance_register(IP_EVENT, ESP_EVENT_ANY_ID, on_event, this, nullptr);
    // The password has one home, the identity partition.
    (void)esp_wifi_set_storage(WIFI_STORAGE_RAM);
    wifi_config_t config = station_config(identity);
    code = esp_wifi_set_mode(WIFI_MODE_STA);
    if (code == ESP_OK) code = esp_wifi_set_config(WIFI_IF_STA, &config);
    if (code != ESP_OK) return to_status(code);
    if (identity.eap != EapMethod::none) {
        const Status enterprise = configure_enterprise(identity);
        if (!enterprise) return enterprise;
    }
    code = esp_wifi_start();
    // Mains-powered: modem sleep would add up to a beacon interval (100 ms) to every message (NFR-1: 50 ms).
    (void)esp_wifi_set_ps(WIFI_PS_NONE);
    return to_status(code);
}

void WifiStation::on_event(void* self, const char* base, std::int32_t id, void* data) {
    auto& station = *static_cast<WifiStation*>(self);
    if (base == WIFI_EVENT) {
        station.wifi_event(id, data);
    } else if (id == IP_EVENT_STA_GOT_IP) {
        station.joined_.fetch_add(1);
        station.up_.store(true);
    } else if (id == IP_EVENT_STA_LOST_IP) {
        station.up_.store(false);
    }
}

void WifiStation::wifi_event(std::int32_t id, const void* data) {
    if (id == WIFI_EVENT_STA_START) {
        wanted_.store(true);
    } else if (id == WIFI_EVENT_STA_DISCONNECTED) {
        up_.store(false);
        const auto* event = static_cast<const wifi_event_sta_disconnected_t*>(data);
        if (event != nullptr) ESP_LOGW(tag, "disconnected, reason %u", static_cast<unsigned>(event->reason));
        wanted_.store(true);
    }
}

void WifiStation::poll(std::uint64_t now_ms) {
    if (up_.load()) backoff_.reset();
    if (wanted_.exchange(false)) {
        // The first attempt of a boot goes out at once.
        retry_ms_ = first_ ? now_ms : now_ms + backoff_.next_ms(random_);
        first_ = false;
        scheduled_ = true;
    }
    if (!scheduled_ || now_ms < retry_ms_) return;
    scheduled_ = false;
    if (esp_wifi_connect() != ESP_OK) wanted_.store(true);
}

std::int8_t WifiStation::rssi() {
    wifi_ap_record_t record{};
    return up_.load() && esp_wifi_sta_get_ap_info(&record) == ESP_OK ? record.rssi : std::int8_t{0};
}

std::uint32_t WifiStation::reconnects() {
    const std::uint32_t joined = joined_.load();
    return joined == 0 ? 0 : joined - 1;
}

}  // namespace egiz::esp
